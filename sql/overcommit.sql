-- Over-commit ahead: further ahead than firm_horizon, a resource may be booked to
-- overcommit_ratio times its capacity, rounded down at every step.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- The horizon is counted from the clock, so it is put where it is wanted: what is
-- before an instant is near, what is after it is far ahead.
CREATE FUNCTION put_horizon(resource text, instant timestamptz) RETURNS void LANGUAGE sql AS $$
	SELECT arbiter_alter_resource(resource, firm_horizon => instant - clock_timestamp())
$$;
CREATE FUNCTION unresolved(resource text, horizon interval DEFAULT NULL)
RETURNS TABLE (during tstzrange, capacity bigint, reserved bigint, available bigint, excess bigint, permitted boolean, users text[])
LANGUAGE sql STABLE AS $$
	SELECT u.during, u.capacity, u.reserved, u.available, u.excess, u.permitted,
		ARRAY(SELECT v.user_id FROM unnest(u.reservation_ids) WITH ORDINALITY i (id, n)
			JOIN arbiter_reservation v ON v.reservation_id = i.id ORDER BY i.n)
	FROM arbiter_unresolved(unresolved.horizon, unresolved.resource) u
$$;

SELECT arbiter_create_resource('ahead', firm_horizon => '0', overcommit_ratio => 1.25) > 0;
SELECT arbiter_set_capacity('ahead', '2086-01-01', '2106-01-01', 10);
SELECT put_horizon('ahead', '2095-12-31 12:00');

--
-- Near, far ahead (12.5, rounded down) and across: each instant by its own side
--
SELECT arbiter_available('ahead', '2095-06-01', '2095-07-01'), arbiter_available('ahead', '2096-06-01', '2096-07-01'), arbiter_available('ahead', '2095-12-01', '2096-02-01');
SELECT arbiter_available('ahead', timestamptz '2095-06-01', timestamptz '2095-07-01'), arbiter_available('ahead', timestamptz '2096-06-01', timestamptz '2096-07-01');
SELECT arbiter_available('ahead', 3957724800, 3960316800), arbiter_available('ahead', 3989347200, 3991939200);
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead', '2095-06-01', '2095-07-01', 11) $$,
	$$ SELECT arbiter_reserve('ahead', '2096-06-01', '2096-07-01', 13) $$,
	$$ SELECT arbiter_reserve('ahead', '2095-12-01', '2096-02-01', 11) $$,
	$$ SELECT arbiter_reserve('ahead', timestamptz '2095-12-01', timestamptz '2096-02-01', 11) $$,
	$$ SELECT arbiter_reserve(3957724800, 3960316800, 11, resource => 'ahead') $$,
	$$ SELECT arbiter_reserve_all('{"ahead": 13}', '2096-06-01', '2096-07-01') $$,
	$$ SELECT arbiter_reserve_spans('ahead', '{[2095-06-01,2095-06-02),[2096-06-01,2096-06-02)}', 11) $$,
	$$ SELECT arbiter_hold('ahead', '2096-06-01', '2096-07-01', 13) $$,
	$$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('ahead'), '[2095-12-01,2096-02-01)', 11) $$,
	$$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('ahead'), '[2096-06-01,2096-07-01)', 13) $$]) f;
-- what would be granted instead; the first day on which eleven can be had is not before the horizon
SELECT granted, reason, limiting_time, available, largest_amount, earliest_start BETWEEN '2095-12-31 11:59' AND '2095-12-31 12:01' AS at_horizon
FROM arbiter_try_reserve('ahead', '2095-12-01', '2096-02-01', 11);
SELECT granted, reason, limiting_time, available, largest_amount, earliest_start
FROM arbiter_try_reserve('ahead', '2096-06-01', '2096-07-01', 13);
SELECT amount, reason FROM arbiter_denial WHERE message LIKE '%"ahead"%' ORDER BY amount;
-- granted: exactly what there is on either side, whatever the form
BEGIN;
SELECT arbiter_reserve('ahead', '2096-06-01', '2096-07-01', 12) > 0, arbiter_reserve('ahead', '2095-06-01', '2095-07-01', 10) > 0, arbiter_reserve('ahead', '2095-12-01', '2096-02-01', 10) > 0;
SELECT arbiter_reserve('ahead', '2096-01-01', '2096-02-01', 2) > 0;
SELECT during, capacity, reserved, available FROM arbiter_timeline('ahead', '2095-12-01', '2096-07-02');
SELECT * FROM arbiter_check('ahead');
ROLLBACK;
SELECT count(*) FROM (VALUES (1)) one, LATERAL (SELECT
	(SELECT count(*) FROM (SELECT arbiter_reserve_all('{"ahead": 4}', '2096-06-01', '2096-06-02')) a),
	(SELECT count(*) FROM (SELECT arbiter_reserve_spans('ahead', '{[2095-06-01,2095-06-02),[2096-06-01,2096-06-02)}', 4)) b),
	(SELECT count(*) FROM (SELECT arbiter_hold('ahead', '2096-06-01', '2096-06-02', 4)) c)) d;
SELECT arbiter_available('ahead', '2096-06-01', '2096-06-02'), arbiter_available('ahead', '2095-06-01', '2095-06-02');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('ahead');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES
	(id_of('ahead'), '[2096-06-01,2096-06-03)', 7, 'ann'), (id_of('ahead'), '[2096-06-02,2096-06-05)', 5, 'bob');
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('ahead') AND user_id = 'bob' $$, mask => true);
-- two rows in one statement: the sum counts
UPDATE arbiter_reservation SET amount = 12 - amount WHERE resource_id = id_of('ahead');
SELECT * FROM booked('ahead');

-- a batch: each after those before it
SELECT request, granted, reason, limiting_time, available, largest_amount FROM arbiter_reserve_many('[
	{"resource": "ahead", "start_time": "2095-12-30", "end_time": "2096-01-02", "amount": 6},
	{"resource": "ahead", "start_time": "2096-01-01", "end_time": "2096-01-03", "amount": 6},
	{"resource": "ahead", "start_time": "2096-01-01", "end_time": "2096-01-02", "amount": 1},
	{"resource": "ahead", "start_time": "2095-12-30", "end_time": "2096-01-01", "amount": 5},
	{"resource": "ahead", "start_time": "2096-01-02", "end_time": "2096-01-03", "amount": 6}]');
SELECT during, available FROM arbiter_timeline('ahead', '2095-12-29', '2096-01-04');
-- a series across the horizon
SELECT occurrence, granted, reason, limiting_time, available FROM arbiter_reserve_series('ahead', 11, '1 day', 'FREQ=YEARLY;COUNT=4', '2094-03-01', 'UTC', skip_conflicts => true);
-- bundles
SELECT arbiter_set_template('ahead.pair', '{"ahead": 2}') > 0;
SELECT arbiter_fits('ahead.pair', '2095-09-01', '2095-09-02'), arbiter_fits('ahead.pair', '2096-09-01', '2096-09-02'), arbiter_fits('ahead.pair', '2095-12-01', '2095-12-02');
SELECT bucket_start, fits FROM arbiter_fits_calendar('ahead.pair', '2095-12-28', '2096-01-06', '1 day');
SELECT arbiter_reserve_template('ahead.pair', 6, '2096-09-01', '2096-09-02') > 0;
SELECT granted, reason, available FROM arbiter_try_reserve_template('ahead.pair', 6, '2095-09-01', '2095-09-02');
SELECT * FROM arbiter_check('ahead');

-- the search for a time
SELECT start_time, latest_start FROM arbiter_find_slot('ahead', 11, '1 day', '2096-05-30', '2096-06-06', 3);
SELECT start_time BETWEEN '2095-12-31 11:59' AND '2095-12-31 12:01' FROM arbiter_find_slot('ahead', 5, '1 hour', '2095-12-30', '2096-02-01');
SELECT amount, start_time FROM arbiter_tradeoff('ahead', '1 day', '2096-06-01', '2096-07-01');
SELECT kind, start_time, end_time, amount FROM arbiter_suggest('ahead', '2096-06-01', '2096-06-02', 13) WHERE kind = 'less';
-- charts and calendars show what is declared, and what is reserved of it
SELECT bucket_start, capacity_min, reserved_max, available_min FROM arbiter_calendar('ahead', '2096-05-31', '2096-06-04', '1 day', 'UTC');
SELECT bucket_start, capacity_min, reserved_max, available_min FROM arbiter_calendar_all('{ahead}', '2096-06-02', '2096-06-03', '1 day', 'UTC');
SELECT bucket, chart, free FROM arbiter_chart('ahead', '2096-06-01', '2096-06-04', '1 day', 'UTC', 12, true);

--
-- Conflicts and what is unresolved
--
SELECT * FROM arbiter_conflicts('ahead');
SELECT during, capacity, reserved, available, excess, permitted FROM arbiter_unresolved(resource => 'ahead');
SELECT * FROM unresolved('ahead') WHERE lower(during) > '2096-03-02' AND lower(during) < '2096-09-01';
SELECT count(*) FROM arbiter_unresolved('1 day', 'ahead');
SELECT count(*) = (SELECT count(*) FROM arbiter_unresolved(resource => 'ahead')) FROM arbiter_unresolved('100 years', 'ahead');
SELECT count(*) = (SELECT count(*) FROM arbiter_unresolved(resource => 'ahead')) FROM arbiter_unresolved() WHERE resource_name = 'ahead';
-- so far ahead and no further
SELECT count(*), max(upper(during)) FROM arbiter_unresolved(timestamptz '2096-01-02' - now(), 'ahead');
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT * FROM arbiter_unresolved(resource => 'ahead.nowhere') $$,
	$$ SELECT * FROM arbiter_unresolved('0', 'ahead') $$]) f;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('ahead') AND during && '[2093-01-01,2096-05-01)';
DELETE FROM arbiter_reservation WHERE resource_id = id_of('ahead') AND lower(during) > '2096-07-01';
-- the horizon moves over a booking: what was permitted is a conflict, and stays
SELECT * FROM unresolved('ahead');
SELECT put_horizon('ahead', '2096-06-02 12:00');
SELECT lower(during) = '2096-06-02', upper(during) = '2096-06-03', available, permitted, upper(during) BETWEEN '2096-06-02 11:59' AND '2096-06-02 12:01', users FROM unresolved('ahead') ORDER BY during;
SELECT lower(during), upper(during) BETWEEN '2096-06-02 11:59' AND '2096-06-02 12:01', reserved, available FROM arbiter_conflicts('ahead');
SELECT put_horizon('ahead', '2101-01-01');
SELECT * FROM unresolved('ahead');
SELECT during, capacity, reserved, available, cardinality(reservation_ids) FROM arbiter_conflicts('ahead');
SELECT arbiter_available('ahead', '2096-06-02', '2096-06-03'), arbiter_available('ahead', '2096-06-01', '2096-06-02');
SELECT * FROM booked('ahead');
-- no worse
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead', '2096-06-02', '2096-06-03', 1) $$,
	$$ UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('ahead') AND user_id = 'ann' $$,
	$$ UPDATE arbiter_reservation SET amount = amount - 1 WHERE resource_id = id_of('ahead') AND user_id = 'ann' $$,
	$$ UPDATE arbiter_reservation SET status = 'held' WHERE resource_id = id_of('ahead') AND user_id = 'ann' $$,
	$$ UPDATE arbiter_reservation SET status = 'confirmed' WHERE resource_id = id_of('ahead') AND user_id = 'ann' $$,
	$$ UPDATE arbiter_reservation SET during = '[2096-06-01,2096-06-04)' WHERE resource_id = id_of('ahead') AND user_id = 'ann' $$]) f;
-- an ordinary user in a try-out's place takes nothing more
UPDATE arbiter_reservation SET tryout = true WHERE resource_id = id_of('ahead') AND user_id = 'ann';
UPDATE arbiter_reservation SET tryout = false WHERE resource_id = id_of('ahead') AND user_id = 'ann';
-- far ahead again
SELECT put_horizon('ahead', '2095-12-31 12:00');
SELECT count(*) FROM arbiter_conflicts('ahead');
SELECT arbiter_available('ahead', '2096-06-02', '2096-06-03');
-- without over-commit there is none
SELECT arbiter_alter_resource('ahead', overcommit_ratio => 1);
SELECT arbiter_available('ahead', '2096-06-02', '2096-06-03'), arbiter_available('ahead', '2096-08-02', '2096-08-03');
SELECT during, available FROM arbiter_conflicts('ahead');
SELECT during, available, permitted FROM unresolved('ahead');
SELECT arbiter_alter_resource('ahead', clear => '{firm_horizon,overcommit_ratio}');
SELECT during, available FROM arbiter_conflicts('ahead');
SELECT during, available, permitted FROM unresolved('ahead');
SELECT outcome($$ SELECT arbiter_reserve('ahead', '2096-08-01', '2096-08-02', 11) $$);
SELECT arbiter_alter_resource('ahead', firm_horizon => '0', overcommit_ratio => 1.25);
SELECT put_horizon('ahead', '2095-12-31 12:00');

--
-- Changes
--
DELETE FROM arbiter_reservation WHERE resource_id = id_of('ahead');
SELECT arbiter_reserve('ahead', '2096-06-01', '2096-06-10', 8, 'ann') AS ann \gset
SELECT arbiter_reserve('ahead', '2096-06-05', '2096-06-15', 4, 'bob') AS bob \gset
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	format('SELECT arbiter_resize(%s, 5)', :bob), format('SELECT arbiter_resize(%s, 5, from_time => %L)', :bob, '2096-06-09'),
	format('SELECT arbiter_resize(%s, 5, from_time => %L)', :bob, '2096-06-10'),
	format('SELECT arbiter_extend(%s, %L)', :ann, '2096-06-12'), format('SELECT arbiter_move(%s, %L)', :ann, '2096-06-04'),
	-- bob's are five from the tenth on, and eight do not fit beside them
	format('SELECT arbiter_move(%s, %L)', :ann, '2096-06-02'), format('SELECT arbiter_move(%s, %L)', :ann, '2096-05-25'),
	format('SELECT arbiter_resize(%s, 12)', :ann), format('SELECT arbiter_resize(%s, 8)', :ann),
	-- eight and four are too many near
	format('SELECT arbiter_move(%s, %L)', :ann, '2095-12-01'), format('SELECT arbiter_move(%s, %L)', :bob, '2095-11-30'),
	format('SELECT arbiter_move(%s, %L)', :bob, '2096-07-01'),
	format('SELECT arbiter_transfer(%s, %L)', :ann, 'cleo'), format('SELECT arbiter_truncate(%s, %L)', :ann, '2095-12-05')]) f;
SELECT * FROM booked('ahead');
-- a swap: cancelled and booked by the net
SELECT request, reservation_id > 0 FROM arbiter_swap(ARRAY[:bob], '[{"resource": "ahead", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 12}]');
SELECT outcome(format($$ SELECT * FROM arbiter_swap(ARRAY[%s], '[{"resource": "ahead", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 1}]') $$, :ann), mask => true);
SELECT * FROM booked('ahead');
-- confirmed as it was held
SELECT arbiter_hold('ahead', '2096-08-01', '2096-08-02', 12) AS hold \gset
SELECT arbiter_confirm(:hold);
-- a hold that has expired makes room
UPDATE arbiter_reservation SET status = 'held', expires_at = now() - interval '1 hour' WHERE reservation_id = :hold;
SELECT arbiter_available('ahead', '2096-08-01', '2096-08-02');
SELECT count(*) FROM arbiter_unresolved(resource => 'ahead') WHERE during && '[2096-08-01,2096-08-02)';
SELECT arbiter_reserve('ahead', '2096-08-01', '2096-08-02', 12, 'dora') > 0;
SELECT * FROM arbiter_check('ahead');

-- evacuation, here and there
SELECT arbiter_create_resource('ahead.other', firm_horizon => '0', overcommit_ratio => 1.5) > 0;
SELECT arbiter_set_capacity('ahead.other', '2086-01-01', '2106-01-01', 4);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('ahead');
SELECT arbiter_reserve('ahead', '2096-06-01', '2096-06-03', 7, 'ann') > 0, arbiter_reserve('ahead', '2096-06-01', '2096-06-03', 5, 'bob') > 0,
	arbiter_reserve('ahead', '2095-06-01', '2095-06-03', 5, 'cleo') > 0;
-- what is permitted is no conflict
SELECT * FROM arbiter_evacuate('ahead', 'ahead.other', only_conflicts => true);
SELECT put_horizon('ahead.other', '2095-12-31 12:00');
-- five of four: far ahead they fit, near they do not
SELECT user_id, lower(during), amount, moved, reason, limiting_time, available FROM arbiter_evacuate('ahead', 'ahead.other');
SELECT put_horizon('ahead', '2101-01-01');
SELECT arbiter_set_capacity('ahead', '2096-01-01', '2106-01-01', 6, force => true);
SELECT user_id, lower(during), amount, moved, reason, limiting_time, available FROM arbiter_evacuate('ahead', 'ahead.other', only_conflicts => true);
SELECT put_horizon('ahead', '2095-12-31 12:00');
SELECT user_id, lower(during), amount, moved FROM arbiter_evacuate('ahead', 'ahead.other', only_conflicts => true);
SELECT * FROM arbiter_check();

--
-- Capacity: a cut is judged by what the new capacity allows
--
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('ahead'), id_of('ahead.other'));
SELECT arbiter_set_capacity('ahead', '2086-01-01', '2106-01-01', 10);
SELECT arbiter_reserve('ahead', '2096-06-01', '2096-06-03', 7, 'ann') > 0, arbiter_reserve('ahead', '2096-06-02', '2096-06-05', 3, 'bob') > 0, arbiter_reserve('ahead', '2095-06-01', '2095-06-02', 8, 'cleo') > 0;
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	-- ten are reserved: eight allow ten, seven allow eight
	$$ SELECT arbiter_set_capacity('ahead', '2096-01-01', '2097-01-01', 7) $$,
	$$ SELECT arbiter_add_capacity('ahead', '2096-06-02', '2096-06-03', -3) $$,
	$$ SELECT arbiter_set_capacity('ahead', '2096-01-01', '2097-01-01', 8) $$,
	$$ SELECT arbiter_set_capacity('ahead', '2095-01-01', '2096-01-01', 7) $$,
	$$ SELECT arbiter_load_schedule('ahead', '{{3660681600,4291747200,7}}') $$,
	$$ SELECT arbiter_load_schedule('ahead', '{{3660681600,4291747200,8}}') $$,
	$$ UPDATE arbiter_capacity SET amount = 7 WHERE resource_id = id_of('ahead') $$,
	$$ DELETE FROM arbiter_capacity WHERE resource_id = id_of('ahead') $$,
	$$ SELECT arbiter_set_capacity('ahead', '2096-01-01', '2097-01-01', NULL) $$]) f;
UPDATE arbiter_capacity SET amount = 9 WHERE resource_id = id_of('ahead');
UPDATE arbiter_capacity SET amount = 8 WHERE resource_id = id_of('ahead');
-- two rows of which one goes and the other comes, in one statement
BEGIN;
SELECT arbiter_set_capacity('ahead', '2096-06-02', '2096-06-03', 9);
SELECT * FROM declared('ahead');
UPDATE arbiter_capacity SET amount = 17 - amount WHERE resource_id = id_of('ahead') AND during && '[2096-06-01,2096-06-03)';
SELECT * FROM declared('ahead');
SELECT outcome($$ UPDATE arbiter_capacity SET amount = CASE amount WHEN 8 THEN 7 ELSE 10 END WHERE resource_id = id_of('ahead') AND during && '[2096-06-01,2096-06-03)' $$, mask => true);
ROLLBACK;
SELECT * FROM declared('ahead');
SELECT during, reserved, available, permitted FROM unresolved('ahead');
-- forced
SELECT arbiter_set_capacity('ahead', '2096-06-02', '2096-06-04', 2, force => true);
SELECT during, reserved, available, permitted FROM unresolved('ahead');
SELECT during, reserved, available FROM arbiter_conflicts('ahead');
-- an ordinary user in a try-out's place takes nothing more: there is no float
UPDATE arbiter_reservation SET tryout = true WHERE resource_id = id_of('ahead') AND user_id = 'ann';
UPDATE arbiter_reservation SET tryout = false WHERE resource_id = id_of('ahead') AND user_id = 'ann';
-- more, although not enough; less is worse
SELECT arbiter_set_capacity('ahead', '2096-06-02', '2096-06-04', 3);
SELECT outcome($$ SELECT arbiter_set_capacity('ahead', '2096-06-03', '2096-06-04', 2) $$, mask => true);
SELECT arbiter_set_capacity('ahead', '2096-06-03', '2096-06-04', 4);
SELECT * FROM arbiter_check('ahead');

-- rounded down at every step, none of nothing, and no overflow of very much
SELECT arbiter_create_resource('ahead.steps', firm_horizon => '0', overcommit_ratio => 1.25) > 0;
SELECT arbiter_set_capacity('ahead.steps', d, d + interval '1 day', n) FROM (VALUES
	(timestamptz '2096-01-01', 0), ('2096-01-02', 1), ('2096-01-03', 3), ('2096-01-04', 4), ('2096-01-05', 7), ('2096-01-06', 8), ('2096-01-07', 100), ('2096-01-08', 9223372036854775807)) v (d, n);
SELECT t.capacity, arbiter_available('ahead.steps', lower(t.during), upper(t.during)) FROM arbiter_timeline('ahead.steps', '2096-01-01', '2096-01-10') t;
SELECT arbiter_available('ahead.steps', '2096-01-05', '2096-01-08'), arbiter_available('ahead.steps', '2096-01-04', '2096-01-09');
SELECT arbiter_reserve('ahead.steps', '2096-01-03', '2096-01-09', 3) > 0;
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-05', '2096-01-09', 6) $$,
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-01', '2096-01-02', 1) $$,
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-08', '2096-01-10', 1) $$,
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-08', '2096-01-09', 9223372036854775807) $$,
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-05', '2096-01-09', 5) $$,
	$$ SELECT arbiter_reserve('ahead.steps', '2096-01-08', '2096-01-09', 9223372036854775799) $$]) f;
SELECT arbiter_alter_resource('ahead.steps', overcommit_ratio => 1000);
SELECT arbiter_available('ahead.steps', lower(t.during), upper(t.during)) FROM arbiter_timeline('ahead.steps', '2096-01-01', '2096-01-09') t;
SELECT * FROM arbiter_check('ahead.steps');

-- with a float, which is a share of what is declared
SELECT arbiter_create_resource('ahead.float', float_percent => 15, firm_horizon => '0', overcommit_ratio => 1.5) > 0;
SELECT arbiter_set_capacity('ahead.float', '2086-01-01', '2106-01-01', 10);
SELECT put_horizon('ahead.float', '2095-12-31 12:00');
SELECT arbiter_available('ahead.float', '2095-06-01', '2095-06-02'), arbiter_available('ahead.float', '2096-06-01', '2096-06-02');
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 14) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 16, tryout => true) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 13) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 1) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2095-12-01', '2096-02-01', 9) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2095-12-01', '2096-02-01', 8) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2095-12-01', '2096-02-01', 2, tryout => true) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 3, tryout => true) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 2, tryout => true) $$,
	$$ SELECT arbiter_reserve('ahead.float', '2096-06-01', '2096-06-03', 1, tryout => true) $$]) f;
-- ordinary users and try-outs in one batch
SELECT request, granted, available FROM arbiter_reserve_many('[
	{"resource": "ahead.float", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 12},
	{"resource": "ahead.float", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 3, "tryout": true},
	{"resource": "ahead.float", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 1},
	{"resource": "ahead.float", "start_time": "2096-07-01", "end_time": "2096-07-02", "amount": 1, "tryout": true}]');
SELECT * FROM arbiter_check('ahead.float');

-- setup and cleanup time may be on the other side
SELECT arbiter_create_resource('ahead.clean', setup_time => '2 days', cleanup_time => '1 day', firm_horizon => '0', overcommit_ratio => 2) > 0;
SELECT arbiter_set_capacity('ahead.clean', '2086-01-01', '2106-01-01', 1);
SELECT put_horizon('ahead.clean', '2095-12-31 12:00');
SELECT arbiter_available('ahead.clean', '2096-01-03', '2096-01-04'), arbiter_available('ahead.clean', '2096-01-02', '2096-01-03');
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead.clean', '2096-01-02', '2096-01-03', 2) $$,
	$$ SELECT arbiter_reserve('ahead.clean', '2096-01-03', '2096-01-04', 2) $$]) f;

-- a resource that is not built
CREATE FUNCTION unbuild(resource text) RETURNS void LANGUAGE sql AS $$ DELETE FROM arbiter_timeline WHERE resource_id = id_of(resource) $$;
SELECT unbuild('ahead.clean');
SELECT arbiter_available('ahead.clean', '2096-01-03', '2096-01-04'), arbiter_available('ahead.clean', '2096-01-10', '2096-01-11');
SELECT during, excess, permitted FROM arbiter_unresolved(resource => 'ahead.clean');
SELECT arbiter_reserve('ahead.clean', '2096-01-10', '2096-01-11', 2) > 0;
SELECT * FROM arbiter_check('ahead.clean');

-- a child's capacity is its reservation: over-commit is for it to have or not
SELECT arbiter_sublet(arbiter_reserve('ahead', '2096-02-01', '2096-03-01', 10, 'cluster'), 'ahead.child') > 0;
SELECT arbiter_available('ahead.child', '2096-02-01', '2096-03-01');
SELECT outcome($$ SELECT arbiter_reserve('ahead.child', '2096-02-01', '2096-02-02', 11) $$);
SELECT arbiter_alter_resource('ahead.child', firm_horizon => '0', overcommit_ratio => 1.5);
SELECT arbiter_reserve('ahead.child', '2096-02-10', '2096-02-12', 15, 'dora') > 0;
-- the parent is cut: eight allow twelve
SELECT outcome(format('SELECT arbiter_resize(%s, 8)', (SELECT parent_reservation_id FROM arbiter_resource WHERE name = 'ahead.child')), mask => true);
UPDATE arbiter_reservation SET amount = 12 WHERE resource_id = id_of('ahead.child');
SELECT outcome(format('SELECT arbiter_resize(%s, 7)', (SELECT parent_reservation_id FROM arbiter_resource WHERE name = 'ahead.child')), mask => true);
SELECT outcome(format('SELECT arbiter_resize(%s, 8)', (SELECT parent_reservation_id FROM arbiter_resource WHERE name = 'ahead.child')), mask => true);
SELECT * FROM unresolved('ahead.child');
SELECT * FROM arbiter_check();

-- many chunks: a range over all of them, by their headers or by their steps
SELECT arbiter_create_resource('ahead.chunks', firm_horizon => '0', overcommit_ratio => 1.5) > 0;
SELECT arbiter_set_capacity('ahead.chunks', '2096-01-01', '2098-01-01', 10);
SELECT put_horizon('ahead.chunks', '2096-03-15 12:00');
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT id_of('ahead.chunks'), tstzrange(d, d + interval '1 day'), 1 + extract(day FROM d)::integer % 3 FROM generate_series(timestamptz '2096-01-01', '2097-12-31', '1 day') d;
SELECT count(*) > 10 FROM arbiter_timeline WHERE resource_id = id_of('ahead.chunks');
SELECT arbiter_available('ahead.chunks', '2096-01-01', '2098-01-01'), arbiter_available('ahead.chunks', '2096-03-16', '2098-01-01');
SELECT outcome(f, mask => true) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve('ahead.chunks', '2096-01-01', '2098-01-01', 8) $$,
	$$ SELECT arbiter_reserve('ahead.chunks', '2096-03-16', '2098-01-01', 13) $$,
	$$ SELECT arbiter_reserve('ahead.chunks', '2096-03-16', '2098-01-01', 12) $$,
	$$ SELECT arbiter_reserve('ahead.chunks', '2096-03-16', '2098-01-01', 1) $$,
	$$ SELECT arbiter_reserve('ahead.chunks', '2096-01-01', '2096-03-15', 7) $$]) f;
SELECT count(*), sum(excess), bool_and(permitted) FROM arbiter_unresolved(resource => 'ahead.chunks');
SELECT count(*) FROM arbiter_conflicts('ahead.chunks');
SELECT * FROM arbiter_check('ahead.chunks');

SELECT arbiter_drop_resource(name, true) FROM (SELECT name FROM arbiter_resource WHERE name LIKE 'ahead%' ORDER BY resource_id DESC) r;
DROP FUNCTION put_horizon(text, timestamptz), unresolved(text, interval), unbuild(text);
