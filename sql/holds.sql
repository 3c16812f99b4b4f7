-- Holds: taken at once, free by themselves when they expire, marked when they
-- stand in somebody's way.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('hold') > 0;
SELECT arbiter_set_capacity('hold', '2086-01-01', '2087-01-01', 10);
-- a hold that expired long ago: no test waits for a clock
CREATE FUNCTION expired_hold(resource text, days tstzrange, amount bigint, user_id text DEFAULT 'late',
	expires_at timestamptz DEFAULT '2001-01-01', tryout boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, expires_at, tryout)
	VALUES (id_of(resource), days, amount, user_id, 'held', expires_at, tryout) RETURNING reservation_id
$$;
-- the rows, and whether the timeline agrees with them
CREATE FUNCTION holds(resource text) RETURNS TABLE (during tstzrange, amount bigint, user_id text, status text)
LANGUAGE sql STABLE AS $$
	SELECT * FROM booked(resource)
	UNION ALL SELECT c.during, c.found, 'PROBLEM', c.problem FROM arbiter_check(resource) c
	UNION ALL SELECT d.during, NULL, 'DIFFERENCE', d.problem FROM timeline_differences(resource, '2085-12-01', '2087-02-01') d
$$;

--
-- a hold takes at once, and says until when
--
SELECT arbiter_hold('hold', '2086-02-01', '2086-02-03', 6, '1 hour', 'ann') AS id \gset
SELECT status, tryout, occupied, during, amount, user_id, expires_at = created_at + interval '1 hour',
	created_at BETWEEN clock_timestamp() - interval '1 min' AND clock_timestamp()
FROM arbiter_reservation WHERE reservation_id = :id;
SELECT status, resources FROM arbiter_booking WHERE reservation_id = :id;
SELECT arbiter_available('hold', '2086-02-01', '2086-02-03');
SELECT * FROM arbiter_timeline('hold', '2086-02-01', '2086-02-04');
SELECT outcome($$ SELECT arbiter_reserve('hold', '2086-02-02', '2086-02-04', 5) $$);
SELECT outcome($$ SELECT arbiter_hold('hold', '2086-02-02', '2086-02-04', 5) $$);
SELECT granted, reason, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_hold('hold', '2086-02-02', '2086-02-04', 5, user_id => 'hold.denied');
SELECT reason, during, amount, available FROM arbiter_denial WHERE user_id = 'hold.denied';
SELECT granted, reason, reservation_id AS id FROM arbiter_try_hold('hold', '2086-02-11', '2086-02-12', 5, '1 hour') \gset
SELECT :'granted', status, amount, expires_at - created_at FROM arbiter_reservation WHERE reservation_id = :id;
SELECT outcome($$ SELECT arbiter_try_hold('hold', '2086-02-11', '2086-02-12', 5, '0 s') $$);
SELECT arbiter_cancel(:id);
-- the defaults
SELECT arbiter_hold('hold', '2086-02-01', '2086-02-03', 4) AS id \gset
SELECT user_id = current_user, expires_at - created_at, request_key FROM arbiter_reservation WHERE reservation_id = :id;
-- by name, epochs through to_timestamp(), a NULL start, a month
SELECT arbiter_hold(resource => 'hold', start_time => to_timestamp(3668803200), end_time => to_timestamp(3668889600), amount => 1, ttl => '1 month', tryout => true) AS id \gset
SELECT during, tryout, expires_at = created_at + interval '1 month' FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_create_resource('hold.now', min_lead => '0') > 0;
SELECT arbiter_set_capacity('hold.now', '2000-01-01', 'infinity', 1);
SELECT arbiter_hold('hold.now', NULL, 'infinity', 1) AS id \gset
SELECT lower(during) = created_at, upper(during) FROM arbiter_reservation WHERE reservation_id = :id;
SELECT * FROM holds('hold');

--
-- refusals: those of arbiter_reserve(), and of the ttl
--
SELECT outcome(format('SELECT arbiter_hold(%s)', a)) FROM unnest(ARRAY[
	$$ 'hold', '2086-02-03', '2086-02-01', 1 $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 0 $$,
	$$ 'hold', '2086-02-01', '2086-02-03', -1 $$,
	$$ 'hold.unknown', '2086-02-01', '2086-02-03', 1 $$,
	$$ 'hold', '2085-02-01', '2085-02-03', 1 $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 11 $$,
	$$ NULL, '2086-02-01', '2086-02-03', 1 $$,
	$$ 'hold', '2086-02-01', NULL, 1 $$,
	$$ 'hold', '2086-02-01', '2086-02-03', NULL $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, NULL $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '1 min', NULL $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, tryout => NULL $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '0' $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '-1 second' $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '-1 month' $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '1001 years' $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, '178000000 years' $$,
	$$ 'hold', '2086-02-01', '2086-02-03', 1, 'soon' $$]) a;
SELECT outcome($$ SELECT arbiter_hold('hold.now', '2001-01-01', '2001-01-02', 1) $$, mask => true) LIMIT 1;
SELECT * FROM holds('hold');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('hold');

--
-- expired: free for everybody who reads, though nobody has touched it
--
SELECT expired_hold('hold', '[2086-03-01,2086-03-05)', 7) AS late \gset
SELECT status FROM arbiter_booking WHERE reservation_id = :late;
SELECT arbiter_available('hold', '2086-03-01', '2086-03-05'), arbiter_available('hold', '2086-02-01', '2086-06-01'),
	arbiter_available('hold', timestamptz '2086-03-04', timestamptz '2086-03-06'), arbiter_available('hold', 3665779200, 3665865600);
SELECT * FROM arbiter_timeline('hold', '2086-02-01', '2086-04-01');
SELECT * FROM holds('hold');
-- one that never expires, and one that expires later
SELECT expired_hold('hold', '[2086-03-02,2086-03-03)', 2, 'for ever', NULL) > 0, expired_hold('hold', '[2086-03-03,2086-03-04)', 3, 'later', 'infinity') > 0 ;
SELECT arbiter_available('hold', '2086-03-01', '2086-03-02'), arbiter_available('hold', '2086-03-02', '2086-03-03'), arbiter_available('hold', '2086-03-03', '2086-03-04');
SELECT * FROM arbiter_timeline('hold', '2086-02-28', '2086-03-06');
-- somebody else's request does not need to wait; only what is in its way is marked
SELECT expired_hold('hold', '[2086-05-01,2086-05-05)', 7, 'elsewhere') > 0;
SELECT arbiter_reserve('hold', '2086-03-04', '2086-03-06', 3) > 0;
SELECT * FROM holds('hold');
SELECT arbiter_reserve('hold', '2086-03-04', '2086-03-06', 7) > 0;
SELECT * FROM holds('hold');
-- what cannot be granted even then leaves it as it is, and the answer is that
-- of the readers
SELECT outcome($$ SELECT arbiter_reserve('hold', '2086-05-01', '2086-05-03', 11) $$);
SELECT granted, reason, available, largest_amount, earliest_start FROM arbiter_try_reserve('hold', '2086-03-01', '2086-05-03', 9);
SELECT * FROM holds('hold');

--
-- every reader counts it as free: calendar, chart, slot search, suggestions,
-- views, evacuation
--
DELETE FROM arbiter_reservation WHERE resource_id = id_of('hold');
SELECT expired_hold('hold', '[2086-03-05,2086-03-08)', 7) > 0, expired_hold('hold', '[2086-03-06,2086-03-08)', 3, 'alive', 'infinity') > 0;
SELECT bucket_start, reserved_max, reserved_avg, available_min, available_avg FROM arbiter_calendar('hold', '2086-03-04', '2086-03-09', '1 day', 'UTC');
SELECT bucket, reserved, free FROM arbiter_chart('hold', '2086-03-04', '2086-03-09', '1 day', 'UTC');
SELECT start_time, latest_start FROM arbiter_find_slot('hold', 7, '2 days', after => '2086-03-05');
SELECT start_time FROM arbiter_find_slot_all('{"hold": 8}', '2 days', after => '2086-03-05');
SELECT kind, start_time, end_time, amount FROM arbiter_suggest('hold', '2086-03-05', '2086-03-07', 8) WHERE kind IN ('later', 'less', 'shorter');
SELECT amount, start_time FROM arbiter_tradeoff('hold', '2 days', after => '2086-03-05');
SELECT user_id, status FROM arbiter_booking WHERE 'hold' = ANY (resources) ORDER BY 1;
SELECT arbiter_create_resource('hold.refuge') > 0;
SELECT arbiter_set_capacity('hold.refuge', '2086-01-01', '2087-01-01', 10);
SELECT arbiter_set_capacity('hold', '2086-03-05', '2086-03-08', 2, force => true);
SELECT during, reserved, available FROM arbiter_conflicts('hold');
SELECT count(*) FROM arbiter_evacuate('hold', 'hold.refuge');
SELECT * FROM holds('hold');
SELECT * FROM holds('hold.refuge');
SELECT arbiter_drop_resource('hold.refuge', force => true);
SELECT arbiter_set_capacity('hold', '2086-01-01', '2087-01-01', 10);

--
-- every way to take may reap: functions, raw rows, a change of capacity
--
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now'));
-- a hold a week
SELECT count(expired_hold('hold', tstzrange(day, day + interval '3 days'), 10, 'week ' || to_char(day, 'WW'))) FROM generate_series(timestamptz '2086-01-01', '2086-03-31', '7 days') day;
SELECT arbiter_available('hold', '2086-01-01', '2086-04-15');
SELECT granted FROM arbiter_try_reserve('hold', '2086-01-01', '2086-01-02', 10);
SELECT arbiter_hold('hold', '2086-01-08', '2086-01-09', 10) > 0;
SELECT arbiter_reserve_all('{"hold": 10, "hold.now": 1}', '2086-01-15', '2086-01-16', tryout => true) > 0;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('hold.now');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('hold'), '[2086-01-22,2086-01-23)', 4, 'insert'), (id_of('hold'), '[2086-01-22,2086-01-23)', 6, 'insert');
SELECT arbiter_reserve('hold', '2086-12-01', '2086-12-02', 5, 'update') AS id \gset
UPDATE arbiter_reservation SET during = '[2086-01-29,2086-01-30)', amount = 10 WHERE reservation_id = :id;
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount, user_id)
SELECT :id, 1, id_of('hold'), '[2086-01-29,2086-01-30)', 1, 'upsert'
ON CONFLICT (reservation_id, part) DO UPDATE SET during = '[2086-02-05,2086-02-06)', user_id = 'upsert';
MERGE INTO arbiter_reservation v USING (VALUES (id_of('hold'), tstzrange('2086-02-12', '2086-02-13'))) n (id, during) ON v.user_id = 'nobody'
WHEN NOT MATCHED THEN INSERT (resource_id, during, amount, user_id) VALUES (n.id, n.during, 10, 'merge');
SELECT * FROM holds('hold');
-- several holds in the way of one request, over several chunks
SELECT arbiter_reserve('hold', '2086-02-19', '2086-04-10', 10, 'long') > 0;
SELECT * FROM holds('hold');
-- a part of them is enough for part of the amount, yet all in the way are given back
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now'));
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 3, 'one') > 0, expired_hold('hold', '[2086-03-01,2086-03-02)', 3, 'two') > 0, expired_hold('hold', '[2086-03-01,2086-03-02)', 4, 'held', 'infinity') > 0;
SELECT outcome($$ SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 7) $$);
SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 6) > 0;
SELECT * FROM holds('hold');

-- RV011 is not for holds that have expired
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now'));
SELECT expired_hold('hold', '[2086-03-01,2086-03-03)', 6) > 0, expired_hold('hold', '[2086-04-01,2086-04-03)', 6) > 0;
SELECT arbiter_reserve('hold', '2086-03-02', '2086-03-04', 3, 'ann') > 0, expired_hold('hold', '[2086-03-02,2086-03-04)', 1, 'held', NULL) > 0;
SELECT outcome($$ SELECT arbiter_set_capacity('hold', '2086-03-01', '2086-03-05', 3) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('hold', '2086-03-01', '2086-03-05', -7) $$);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 3 WHERE resource_id = id_of('hold') $$);
SELECT * FROM holds('hold');
SELECT arbiter_set_capacity('hold', '2086-03-01', '2086-03-05', 4);
SELECT * FROM holds('hold');
SELECT arbiter_add_capacity('hold', '2086-04-01', '2086-04-02', -10);
SELECT * FROM holds('hold');
SELECT expired_hold('hold', '[2086-05-01,2086-05-03)', 6) > 0, expired_hold('hold', '[2086-06-01,2086-06-03)', 6) > 0, expired_hold('hold', '[2086-07-01,2086-07-03)', 6) > 0;
UPDATE arbiter_capacity SET amount = amount - 5 WHERE resource_id = id_of('hold') AND during @> timestamptz '2086-05-01';
SELECT outcome($$ SELECT arbiter_load_schedule('hold', '{{3660681600,3692217600,3}}') $$);
SELECT arbiter_load_schedule('hold', '{{3660681600,3692217600,4}}');
SELECT * FROM holds('hold');
-- force touches no reservation, and what has expired is no conflict
SELECT expired_hold('hold', '[2086-05-01,2086-05-03)', 4) > 0;
SELECT arbiter_set_capacity('hold', '2086-05-01', '2086-05-02', 1, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('hold');
SELECT * FROM holds('hold') WHERE during @> timestamptz '2086-05-01';
SELECT arbiter_reserve('hold', '2086-05-01', '2086-05-03', 1) > 0;
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('hold');
SELECT * FROM holds('hold') WHERE during @> timestamptz '2086-05-01';
-- a cut below what is confirmed: nobody may take what a dead hold would give back
SELECT expired_hold('hold', '[2086-08-01,2086-08-03)', 2) > 0, arbiter_reserve('hold', '2086-08-01', '2086-08-03', 1, 'ann') > 0;
SELECT arbiter_set_capacity('hold', '2086-08-01', '2086-08-03', 2, force => true);
SELECT arbiter_available('hold', '2086-08-01', '2086-08-03');
SELECT outcome($$ SELECT arbiter_reserve('hold', '2086-08-01', '2086-08-03', 2) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('hold'), '[2086-08-01,2086-08-03)', 2) $$);
SELECT arbiter_reserve('hold', '2086-08-01', '2086-08-03', 1, 'last') > 0;
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('hold');
SELECT * FROM holds('hold') WHERE during @> timestamptz '2086-08-01';

--
-- raw rows: what is held is a status like any other
--
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now'));
SELECT arbiter_load_schedule('hold', '{{3660681600,3692217600,10}}');
-- a hold that is expired when it is written takes none the less, until it is reaped
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 6, 'one') > 0, expired_hold('hold', '[2086-03-01,2086-03-02)', 6, 'two') > 0;
SELECT * FROM holds('hold');
-- its life goes on when somebody says so, if there is room
SELECT outcome($$ UPDATE arbiter_reservation SET expires_at = 'infinity' WHERE user_id = 'two' AND resource_id = id_of('hold') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'confirmed' WHERE user_id = 'one' AND resource_id = id_of('hold') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'held' WHERE user_id = 'one' AND resource_id = id_of('hold') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'expired' WHERE user_id = 'two' AND resource_id = id_of('hold') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'held' WHERE user_id = 'one' AND resource_id = id_of('hold') $$);
SELECT * FROM holds('hold');
SELECT arbiter_available('hold', '2086-03-01', '2086-03-02');
-- moved, resized and deleted after its time
UPDATE arbiter_reservation SET during = '[2086-03-05,2086-03-07)', amount = 9 WHERE user_id = 'one' AND resource_id = id_of('hold');
SELECT * FROM holds('hold');
DELETE FROM arbiter_reservation WHERE user_id = 'one' AND resource_id = id_of('hold');
SELECT * FROM holds('hold');
-- two that have expired, swapped by one statement
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 10, 'one') > 0, expired_hold('hold', '[2086-03-02,2086-03-03)', 10, 'two') > 0;
UPDATE arbiter_reservation SET during = CASE user_id WHEN 'one' THEN tstzrange('2086-03-02', '2086-03-03') ELSE '[2086-03-01,2086-03-02)' END
WHERE resource_id = id_of('hold') AND user_id IN ('one', 'two') AND status = 'held';
SELECT * FROM holds('hold');
-- all at once: what was expired, and is moved by the statement itself, is not reaped by it
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2086-03-01,2086-03-02)' WHERE resource_id = id_of('hold') AND status = 'held' $$);
SELECT * FROM holds('hold');

--
-- arbiter_expire: in batches, in no order that is promised, all in the end
--
-- (those that other tests left)
SELECT arbiter_expire(1000000) >= 0;
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now'));
SELECT count(expired_hold('hold', tstzrange(day, day + interval '1 day'), 1 + n % 10, 'n ' || n)) FROM generate_series(1, 25) n, LATERAL (SELECT timestamptz '2086-01-01' + n * interval '7 days') d (day);
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 1, 'never', NULL) > 0, expired_hold('hold', '[2086-03-01,2086-03-02)', 1, 'later', 'infinity') > 0, expired_hold('hold.now', '[2086-03-01,2086-03-02)', 1, 'other') > 0;
SELECT arbiter_expire(0);
SELECT arbiter_expire(10);
SELECT status, count(*) FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now')) GROUP BY 1 ORDER BY 1;
SELECT * FROM arbiter_check();
SELECT arbiter_expire(max_rows => 10);
SELECT arbiter_expire();
SELECT arbiter_expire();
SELECT status, count(*), bool_and(expires_at IS NOT NULL) FROM arbiter_reservation WHERE resource_id IN (id_of('hold'), id_of('hold.now')) GROUP BY 1 ORDER BY 1;
SELECT user_id FROM arbiter_reservation WHERE status = 'held' AND resource_id = id_of('hold') ORDER BY 1;
SELECT * FROM arbiter_check();
SELECT t.* FROM arbiter_timeline('hold', '2086-01-01', '2086-12-01') t;
SELECT outcome('SELECT arbiter_expire(-1)');
SELECT outcome('SELECT arbiter_expire(NULL)');
-- an orphan that a COPY brought is nobody's capacity, and in nobody's way
COPY arbiter_reservation (resource_id, during, amount, user_id, status, expires_at) FROM stdin;
1999999999	[2086-03-01,2086-03-02)	1	orphan	held	2001-01-01
\.
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 5) > 0;
SELECT arbiter_expire() >= 1;
SELECT user_id, status FROM arbiter_reservation WHERE user_id = 'late';
DELETE FROM arbiter_reservation WHERE user_id = 'orphan';
SELECT * FROM arbiter_check();
-- what has expired is history for arbiter_purge() once it is marked
SELECT expired_hold('hold', '[2086-03-01,2086-03-02)', 5, 'unmarked') > 0;
SELECT arbiter_purge('infinity', 1000000) > 0;
SELECT user_id, status FROM arbiter_reservation WHERE resource_id = id_of('hold') ORDER BY 1;
SELECT arbiter_expire();
SELECT arbiter_purge('infinity', 1000000);

--
-- request keys: a hold that has expired is still the answer
--
SELECT arbiter_hold('hold', '2086-03-01', '2086-03-02', 5, '1 hour', 'ann', 'key 1') AS id \gset
SELECT arbiter_hold('hold', '2086-03-01', '2086-03-02', 5, '1 hour', 'ann', 'key 1') = :id;
UPDATE arbiter_reservation SET expires_at = '2001-01-01' WHERE reservation_id = :id;
SELECT arbiter_hold('hold', '2086-03-01', '2086-03-02', 5, '1 hour', 'ann', 'key 1') = :id;
SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 10, 'bob') > 0;
SELECT arbiter_hold('hold', '2086-03-01', '2086-03-02', 5, '1 hour', 'ann', 'key 1') = :id;
SELECT status FROM arbiter_booking WHERE reservation_id = :id;
SELECT outcome(format('SELECT arbiter_hold(%s)', a)) FROM unnest(ARRAY[
	$$ 'hold', '2086-03-01', '2086-03-02', 5, '2 hours', 'ann', 'key 1' $$,
	$$ 'hold', '2086-03-01', '2086-03-02', 6, '1 hour', 'ann', 'key 1' $$,
	$$ 'hold', '2086-03-01', '2086-03-02', 5, '1 hour', 'ann', 'key 1', true $$]) a;
-- a hold and a reservation are not the same request
SELECT outcome($$ SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 5, 'ann', 'key 1') $$);
-- nobody else's key
SELECT arbiter_hold('hold', '2086-03-05', '2086-03-06', 5, '1 hour', 'bob', 'key 1') <> :id;
SELECT * FROM holds('hold');

--
-- unbuilt: the first writer counts what is held, and may reap it
--
INSERT INTO arbiter_resource (resource_id, name) VALUES (9501, 'hold.unbuilt'), (9502, 'hold.unbuilt2'), (9503, 'hold.unbuilt3'), (9504, 'hold.unbuilt4'), (9505, 'hold.unbuilt5');
COPY arbiter_capacity FROM stdin;
9501	[2086-01-01,2087-01-01)	10
9502	[2086-01-01,2087-01-01)	10
9503	[2086-01-01,2087-01-01)	10
9504	[2086-01-01,2087-01-01)	10
9505	[2086-01-01,2087-01-01)	10
\.
COPY arbiter_reservation (resource_id, during, amount, user_id, status, expires_at) FROM stdin;
9501	[2086-03-01,2086-03-05)	7	late	held	2001-01-01
9501	[2086-03-02,2086-03-03)	3	held	held	infinity
9502	[2086-03-01,2086-03-05)	7	late	held	2001-01-01
9502	[2086-03-01,2086-03-05)	8	late too	held	2001-01-01
9503	[2086-03-01,2086-03-05)	7	late	held	2001-01-01
9504	[2086-03-01,2086-03-05)	7	late	held	2001-01-01
9505	[2086-03-01,2086-03-05)	7	late	held	2001-01-01
\.
SELECT arbiter_available('hold.unbuilt', '2086-03-01', '2086-03-05'), arbiter_available('hold.unbuilt2', '2086-03-01', '2086-03-05');
SELECT * FROM arbiter_timeline('hold.unbuilt', '2086-02-28', '2086-03-06');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('hold.unbuilt2');
SELECT count(*) FROM arbiter_timeline WHERE resource_id BETWEEN 9501 AND 9505;
SELECT arbiter_hold('hold.unbuilt', '2086-03-01', '2086-03-05', 7, user_id => 'new') > 0;
SELECT * FROM holds('hold.unbuilt');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (9502, '[2086-03-01,2086-03-02)', 10, 'raw');
SELECT * FROM holds('hold.unbuilt2');
SELECT arbiter_set_capacity('hold.unbuilt3', '2086-03-01', '2086-03-02', 1);
SELECT * FROM holds('hold.unbuilt3');
SELECT arbiter_expire();
SELECT * FROM holds('hold.unbuilt4');
SELECT * FROM holds('hold.unbuilt5');
-- built anew
SELECT expired_hold('hold.unbuilt5', '[2086-03-01,2086-03-05)', 9) > 0;
SELECT arbiter_rebuild('hold.unbuilt5') > 0;
SELECT * FROM holds('hold.unbuilt5');
SELECT arbiter_available('hold.unbuilt5', '2086-03-01', '2086-03-05');

--
-- many of them: a header is trusted only with what has expired added back
--
SELECT arbiter_create_resource('hold.many') > 0;
SELECT arbiter_set_capacity('hold.many', '2086-01-01', '2087-01-01', 100);
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at)
SELECT id_of('hold.many'), tstzrange(s, s + n % 7 * interval '9 h' + interval '1 h'), 1 + n % 6, CASE WHEN n % 3 = 0 THEN 'held' ELSE 'confirmed' END,
	CASE n % 9 WHEN 0 THEN timestamptz '2001-01-01' WHEN 3 THEN '2002-01-01' WHEN 6 THEN 'infinity' END
FROM generate_series(1, 2000) n, LATERAL (SELECT timestamptz '2086-01-01' + n * interval '4 h') x (s);
SELECT count(*) > 12 FROM arbiter_timeline WHERE resource_id = id_of('hold.many');
SELECT * FROM timeline_differences('hold.many', '2085-12-01', '2087-02-01');
SELECT s, arbiter_available('hold.many', s, s + n * interval '5 days'), naive_available('hold.many', s, s + n * interval '5 days')
FROM generate_series(1, 40) n, LATERAL (SELECT timestamptz '2085-12-30' + n * interval '191 h') x (s)
WHERE arbiter_available('hold.many', s, s + n * interval '5 days') <> naive_available('hold.many', s, s + n * interval '5 days');
-- the largest amount over the year, and not one more
SELECT arbiter_available('hold.many', '2086-01-01', '2087-01-01') AS largest \gset
SELECT granted, largest_amount = :largest FROM arbiter_try_reserve('hold.many', '2086-01-01', '2087-01-01', :largest + 1);
SELECT count(*) FROM arbiter_reservation WHERE resource_id = id_of('hold.many') AND status = 'expired';
SELECT granted FROM arbiter_try_reserve('hold.many', '2086-01-01', '2087-01-01', :largest);
SELECT * FROM arbiter_check('hold.many');
SELECT * FROM timeline_differences('hold.many', '2085-12-01', '2087-02-01');
SELECT arbiter_available('hold.many', '2086-01-01', '2087-01-01');
-- the steps that are stored and those that are read are the same once all are marked
CREATE TEMPORARY TABLE before AS SELECT * FROM arbiter_timeline('hold.many');
SELECT arbiter_expire(1000000) >= 0;
SELECT * FROM before EXCEPT SELECT * FROM arbiter_timeline('hold.many');
SELECT * FROM arbiter_check('hold.many');

--
-- read only, and nobody's privilege
--
SELECT expired_hold('hold', '[2086-09-01,2086-09-02)', 5) > 0;
BEGIN READ ONLY;
SELECT arbiter_available('hold', '2086-09-01', '2086-09-02');
SELECT outcome($$ SELECT arbiter_hold('hold', '2086-09-01', '2086-09-02', 1) $$);
SELECT outcome($$ SELECT arbiter_expire() $$);
ROLLBACK;
CREATE ROLE regress_arbiter_holder;
SET ROLE regress_arbiter_holder;
SELECT outcome($$ SELECT arbiter_hold('hold', '2086-09-01', '2086-09-02', 1) $$);
SELECT outcome($$ SELECT arbiter_expire() $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_hold, arbiter_expire TO regress_arbiter_holder;
SET ROLE regress_arbiter_holder;
-- EXECUTE is enough, also for the row of somebody else that is in the way
SELECT arbiter_hold('hold', '2086-09-01', '2086-09-02', 10) > 0;
SELECT outcome($$ SELECT arbiter_expire() $$);
RESET ROLE;
SELECT v.user_id, v.status FROM arbiter_reservation v WHERE v.resource_id = id_of('hold') AND during = '[2086-09-01,2086-09-02)' ORDER BY 2;
REVOKE ALL ON FUNCTION arbiter_hold, arbiter_expire FROM regress_arbiter_holder;
DROP ROLE regress_arbiter_holder;

--
-- a hold reaped and the request undone: it is held again
--
SELECT expired_hold('hold', '[2086-10-01,2086-10-02)', 5, 'undone') > 0;
BEGIN;
SAVEPOINT s;
SELECT arbiter_reserve('hold', '2086-10-01', '2086-10-02', 10) > 0;
SELECT status FROM arbiter_reservation WHERE user_id = 'undone';
ROLLBACK TO s;
SELECT status FROM arbiter_reservation WHERE user_id = 'undone';
SELECT arbiter_available('hold', '2086-10-01', '2086-10-02');
SELECT arbiter_expire();
ROLLBACK;
SELECT status FROM arbiter_reservation WHERE user_id = 'undone';
-- made, expired and reaped in one transaction
BEGIN;
SELECT arbiter_hold('hold', '2086-11-01', '2086-11-02', 10, '1 us', 'short') > 0;
SELECT arbiter_reserve('hold', '2086-11-01', '2086-11-02', 10) > 0;
SELECT arbiter_reserve('hold', '2086-10-01', '2086-10-02', 10) > 0;
COMMIT;
SELECT user_id, status FROM arbiter_reservation WHERE user_id IN ('short', 'undone') ORDER BY 1;
-- above READ COMMITTED too
SELECT expired_hold('hold', '[2086-10-03,2086-10-04)', 5, 'rr') > 0, expired_hold('hold', '[2086-10-05,2086-10-06)', 5, 's') > 0;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT arbiter_reserve('hold', '2086-10-03', '2086-10-04', 10) > 0;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT arbiter_reserve('hold', '2086-10-05', '2086-10-06', 10) > 0;
COMMIT;
SELECT user_id, status FROM arbiter_reservation WHERE user_id IN ('rr', 's') ORDER BY 1;

--
-- users' triggers see a hold expire as an UPDATE, when and only when it is marked
--
DELETE FROM arbiter_reservation WHERE resource_id = id_of('hold');
CREATE TABLE hold_log (n serial, fired text, user_id text, was text, became text, caller name);
CREATE FUNCTION hold_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'STATEMENT' THEN
		INSERT INTO hold_log (fired, caller) VALUES (TG_WHEN || ' ' || TG_OP || ' STATEMENT', current_user);
		RETURN NULL;
	END IF;
	INSERT INTO hold_log (fired, user_id, was, became, caller)
	VALUES (TG_WHEN || ' ' || TG_OP, NEW.user_id, CASE TG_OP WHEN 'UPDATE' THEN OLD.status END, NEW.status, current_user);
	IF TG_WHEN = 'BEFORE' AND NEW.status = 'expired' THEN
		NEW.attributes := '{"reaped": true}';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER hold_before BEFORE INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION hold_log();
CREATE TRIGGER hold_after AFTER INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION hold_log();
CREATE TRIGGER hold_statement AFTER UPDATE ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION hold_log();
SELECT count(expired_hold('hold', '[2086-03-01,2086-03-02)', 5, u)) FROM unnest(ARRAY['one', 'two']) u;
TRUNCATE hold_log RESTART IDENTITY;
SELECT granted FROM arbiter_try_reserve('hold', '2086-03-01', '2086-03-02', 11, 'refused');
SELECT fired, user_id, was, became FROM hold_log ORDER BY n;
TRUNCATE hold_log RESTART IDENTITY;
SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 6, 'new') > 0;
SELECT fired, user_id, was, became FROM hold_log ORDER BY n;
SELECT user_id, status, attributes FROM arbiter_reservation WHERE resource_id = id_of('hold') ORDER BY user_id;
SELECT expired_hold('hold', '[2086-03-02,2086-03-03)', 5, 'three') > 0, expired_hold('hold', '[2086-03-03,2086-03-04)', 5, 'four') > 0, expired_hold('hold', '[2086-03-04,2086-03-05)', 5, 'five') > 0;
TRUNCATE hold_log RESTART IDENTITY;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('hold'), '[2086-03-02,2086-03-03)', 10, 'raw');
SELECT fired, user_id, was, became FROM hold_log ORDER BY n;
TRUNCATE hold_log RESTART IDENTITY;
SELECT arbiter_add_capacity('hold', '2086-03-03', '2086-03-04', -6);
SELECT fired, user_id, was, became FROM hold_log ORDER BY n;
TRUNCATE hold_log RESTART IDENTITY;
SELECT arbiter_expire();
SELECT fired, user_id, was, became, caller = current_user FROM hold_log ORDER BY n;
SELECT * FROM holds('hold');
DROP TRIGGER hold_before ON arbiter_reservation;
DROP TRIGGER hold_after ON arbiter_reservation;
DROP TRIGGER hold_statement ON arbiter_reservation;
DROP TABLE hold_log;
DROP FUNCTION hold_log;

-- one that will not have it, or makes something else of it
CREATE FUNCTION hold_stubborn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status <> 'expired' OR OLD.status <> 'held' OR pg_trigger_depth() > 1 THEN
		RETURN NEW;
	ELSIF OLD.user_id = 'null' THEN
		RETURN NULL;
	ELSIF OLD.user_id = 'held' THEN
		NEW.status := 'held';
	ELSIF OLD.user_id = 'confirmed' THEN
		NEW.status := 'confirmed';
	ELSIF OLD.user_id = 'cancelled' THEN
		NEW.status := 'cancelled';
	ELSIF OLD.user_id = 'moved' THEN
		NEW.during := '[2086-06-01,2086-06-02)';
	ELSIF OLD.user_id = 'raise' THEN
		RAISE EXCEPTION 'not today' USING ERRCODE = 'P0042';
	ELSIF OLD.user_id = 'next' THEN
		PERFORM arbiter_reserve('hold', '2086-03-01', '2086-03-02', 4, 'waiting');
	ELSIF OLD.user_id = 'rebuild' THEN
		PERFORM arbiter_rebuild('hold');
	END IF;
	RETURN NEW;
END
$$;
CREATE FUNCTION hold_try(fires text) RETURNS TABLE (user_id text, result text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER hold_stubborn %s UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION hold_stubborn()', fires);
	FOREACH user_id IN ARRAY ARRAY['null', 'held', 'confirmed', 'cancelled', 'moved', 'raise', 'next', 'rebuild'] LOOP
		DELETE FROM arbiter_reservation v WHERE v.resource_id = id_of('hold');
		PERFORM expired_hold('hold', '[2086-03-01,2086-03-02)', 5, user_id);
		result := 'reserve ' || (SELECT o FROM outcome($o$ SELECT arbiter_reserve('hold', '2086-03-01', '2086-03-02', 6, 'new') $o$) o LIMIT 1);
		RETURN NEXT;
		RETURN QUERY SELECT h.user_id, format('%s, %s', h.amount, h.status) FROM holds('hold') h;
		IF EXISTS (SELECT FROM arbiter_reservation v WHERE v.resource_id = id_of('hold') AND v.status = 'held') THEN
			result := 'expire ' || (SELECT o FROM outcome('SELECT arbiter_expire()') o LIMIT 1);
			RETURN NEXT;
		END IF;
	END LOOP;
	DROP TRIGGER hold_stubborn ON arbiter_reservation;
	DELETE FROM arbiter_reservation v WHERE v.resource_id = id_of('hold');
END
$$;
SELECT * FROM hold_try('BEFORE');
-- after the fact the next in line may be booked
SELECT * FROM hold_try('AFTER') WHERE user_id IN ('raise', 'next', 'waiting', 'rebuild', 'PROBLEM');
DROP FUNCTION hold_try, hold_stubborn;

SELECT * FROM arbiter_check();
DROP FUNCTION expired_hold, holds;
SELECT arbiter_drop_resource(name, force => true) FROM arbiter_resource WHERE name LIKE 'hold%';
