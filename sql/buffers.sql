-- Buffers: setup and cleanup time count, the public range stays what was asked.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('buffer', setup_time => '1 hour', cleanup_time => '30 min') > 0;
SELECT arbiter_set_capacity('buffer', '2030-01-01', '2030-02-01', 1);
CREATE FUNCTION occupied(resource text) RETURNS TABLE (during tstzrange, occupied tstzrange, amount bigint, status text) LANGUAGE sql STABLE AS $$
	SELECT v.during, v.occupied, v.amount, v.status FROM arbiter_reservation v WHERE v.resource_id = id_of(resource)
	UNION ALL SELECT c.during, NULL, c.found, c.problem FROM arbiter_check(resource) c
	UNION ALL SELECT d.during, NULL, NULL, d.problem FROM timeline_differences(resource, '2029-12-01', '2030-03-01') d
	ORDER BY 1, 2, 3, 4
$$;

--
-- what is occupied
--
SELECT arbiter_reserve('buffer', '2030-01-05 10:00', '2030-01-05 12:00', 1) AS id \gset
SELECT * FROM occupied('buffer');
SELECT start_time, end_time FROM arbiter_booking WHERE reservation_id = :id;
SELECT * FROM arbiter_timeline('buffer', '2030-01-05', '2030-01-06');
-- the next one needs its own setup after the cleanup of this one
SELECT outcome($$ SELECT arbiter_reserve('buffer', '2030-01-05 12:00', '2030-01-05 13:00', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('buffer', '2030-01-05 13:29:59.999999', '2030-01-05 14:00', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('buffer', '2030-01-05 07:00', '2030-01-05 08:30:00.000001', 1) $$);
SELECT arbiter_available('buffer', '2030-01-05 12:00', '2030-01-05 13:00'), arbiter_available('buffer', '2030-01-05 13:29:59.999999', '2030-01-05 14:00'),
	arbiter_available('buffer', '2030-01-05 13:30', '2030-01-05 14:00'), arbiter_available('buffer', '2030-01-05 07:00', '2030-01-05 08:30'),
	arbiter_available('buffer', '2030-01-05 07:00', '2030-01-05 08:30:00.000001');
-- the hint's start is granted as it stands
SELECT t.granted, t.limiting_time, t.available, t.earliest_start, g.granted
FROM arbiter_try_reserve('buffer', '2030-01-05 11:00', '2030-01-05 12:00', 1) t,
	arbiter_try_reserve('buffer', t.earliest_start, t.earliest_start + interval '1 hour', 1) g;
SELECT during FROM arbiter_denial WHERE resource_id = id_of('buffer');
SELECT arbiter_reserve('buffer', '2030-01-05 07:00', '2030-01-05 08:30', 1) > 0;
SELECT * FROM occupied('buffer');
-- the edges of the schedule: setup and cleanup must lie inside
SELECT outcome(format('SELECT arbiter_reserve(%L, %L, %L, 1)', 'buffer', s, e))
FROM (VALUES (timestamptz '2030-01-01 00:59', timestamptz '2030-01-01 02:00'), ('2030-01-31 22:00', '2030-01-31 23:31')) v (s, e);
SELECT arbiter_available('buffer', '2030-01-01 00:59', '2030-01-01 02:00'), arbiter_available('buffer', '2030-01-31 22:00', '2030-01-31 23:31');
SELECT arbiter_available('buffer', '2030-01-01 01:00', '2030-01-01 02:00'), arbiter_available('buffer', '2030-01-31 22:00', '2030-01-31 23:30');
SELECT arbiter_reserve('buffer', '2030-01-01 01:00', '2030-01-01 02:00', 1) > 0, arbiter_reserve('buffer', '2030-01-31 22:00', '2030-01-31 23:30', 1) > 0;
SELECT t.reason, t.earliest_start, g.reason FROM arbiter_try_reserve('buffer', '2029-12-31', '2029-12-31 01:00', 1) t,
	arbiter_try_reserve('buffer', t.earliest_start, t.earliest_start + interval '1 hour', 1) g;
SELECT * FROM occupied('buffer');
-- a hold and a cancellation, with all of it
SELECT arbiter_hold('buffer', '2030-01-10 10:00', '2030-01-10 12:00', 1) AS id \gset
SELECT arbiter_available('buffer', '2030-01-10 13:00', '2030-01-10 14:00');
SELECT arbiter_confirm(:id);
SELECT arbiter_cancel(:id);
SELECT arbiter_available('buffer', '2030-01-10 13:00', '2030-01-10 14:00');
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES (id_of('buffer'), '[2030-01-10 10:00,2030-01-10 12:00)', 1, 'held', '2001-01-01');
SELECT arbiter_available('buffer', '2030-01-10 12:00', '2030-01-10 13:00');
SELECT arbiter_reserve('buffer', '2030-01-10 13:00', '2030-01-10 14:00', 1) > 0;
SELECT * FROM occupied('buffer') WHERE during && '[2030-01-10,2030-01-11)';

--
-- raw rows: computed, whatever the writer says
--
DELETE FROM arbiter_reservation WHERE resource_id = id_of('buffer');
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-05 10:00,2030-01-05 12:00)', 1) RETURNING during, occupied;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-05 12:00,2030-01-05 13:00)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, occupied) VALUES (id_of('buffer'), '[2030-01-05 12:30,2030-01-05 13:00)', 1, '[2030-01-05 12:30,2030-01-05 13:00)') $$);
INSERT INTO arbiter_reservation (resource_id, during, amount, occupied) VALUES (id_of('buffer'), '[2030-01-05 14:00,2030-01-05 15:00)', 1, '[2030-01-05 14:00,2030-01-05 15:00)') RETURNING during, occupied;
SELECT outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, occupied) VALUES (id_of(%L), %L, 1, %L)', 'buffer', '[2030-01-05 20:00,2030-01-05 21:00)', o))
FROM unnest(ARRAY['empty', '[2030-01-05 20:30,2030-01-05 21:00)', '[2030-01-05 20:00,2030-01-05 20:30)', '[2030-01-05 20:00,2030-01-05 21:00]', '[2020-01-01,2030-01-06)', '(,)', '[2030-01-05 20:00,infinity)']) o;
SELECT * FROM occupied('buffer');
-- it cannot be made smaller, larger or NULL
UPDATE arbiter_reservation SET occupied = during WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-05 10:00';
UPDATE arbiter_reservation SET occupied = NULL WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-05 14:00';
SELECT * FROM occupied('buffer');
-- moved, it moves along
UPDATE arbiter_reservation SET during = '[2030-01-06 10:00,2030-01-06 12:00)' WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-05 10:00' RETURNING during, occupied;
-- a move may use what the row itself occupies
UPDATE arbiter_reservation SET during = '[2030-01-06 11:00,2030-01-06 13:00)' WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-06 10:00' RETURNING during, occupied;
-- two that change places
WITH changed AS (
UPDATE arbiter_reservation SET during = CASE WHEN lower(during) = '2030-01-06 11:00' THEN tstzrange('2030-01-05 14:00', '2030-01-05 15:00') ELSE '[2030-01-06 11:00,2030-01-06 13:00)' END
WHERE resource_id = id_of('buffer') AND lower(during) IN ('2030-01-05 14:00', '2030-01-06 11:00') RETURNING during, occupied)
SELECT * FROM changed ORDER BY during;
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during) - interval '14 hours', upper(during)) WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-06 11:00' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during) - interval '19 hours', upper(during)) WHERE resource_id = id_of('buffer') AND lower(during) = '2030-01-06 11:00' $$);
SELECT * FROM occupied('buffer');
-- the hint of a raw row's refusal is grantable as it stands, too
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-05 13:00,2030-01-05 14:00)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-05 16:30,2030-01-05 17:30)', 1) $$);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('buffer');
-- cancelled rows have one as well
INSERT INTO arbiter_reservation (resource_id, during, amount, status) VALUES (id_of('buffer'), '[2030-01-05 10:00,2030-01-05 12:00)', 1, 'cancelled') RETURNING during, occupied;

--
-- options changed later: for new rows and those that move
--
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-07 10:00,2030-01-07 12:00)', 1);
SELECT arbiter_alter_resource('buffer', setup_time => '2 hours', cleanup_time => '0');
SELECT * FROM occupied('buffer');
UPDATE arbiter_reservation SET user_id = 'renamed', attributes = '{"a": 1}' WHERE resource_id = id_of('buffer');
SELECT * FROM occupied('buffer');
-- its amount may change, and it may be cancelled, where it is
SELECT arbiter_set_capacity('buffer', '2030-01-07', '2030-01-08', 5);
UPDATE arbiter_reservation SET amount = 3 WHERE resource_id = id_of('buffer') AND status = 'confirmed' RETURNING occupied;
SELECT * FROM arbiter_timeline('buffer', '2030-01-07', '2030-01-08');
UPDATE arbiter_reservation SET status = 'cancelled' WHERE resource_id = id_of('buffer') AND amount = 3 RETURNING occupied;
-- active again: today's options
UPDATE arbiter_reservation SET status = 'confirmed' WHERE resource_id = id_of('buffer') AND amount = 3 RETURNING occupied;
UPDATE arbiter_reservation SET status = 'confirmed' WHERE resource_id = id_of('buffer') AND amount = 1 RETURNING occupied;
SELECT * FROM occupied('buffer');
-- to another resource and back
SELECT arbiter_create_resource('buffer.none') > 0;
SELECT arbiter_set_capacity('buffer.none', '2030-01-01', '2030-02-01', 10);
UPDATE arbiter_reservation SET resource_id = id_of('buffer.none') WHERE resource_id = id_of('buffer') AND amount = 3 RETURNING occupied;
UPDATE arbiter_reservation SET resource_id = id_of('buffer') WHERE resource_id = id_of('buffer.none') AND amount = 3 RETURNING occupied;
SELECT * FROM arbiter_check();
-- none at all
SELECT arbiter_alter_resource('buffer', clear => '{setup_time,cleanup_time}');
SELECT * FROM occupied('buffer');
UPDATE arbiter_reservation SET during = '[2030-01-08 10:00,2030-01-08 12:00)' WHERE resource_id = id_of('buffer') AND amount = 1 RETURNING occupied;
SELECT arbiter_reserve('buffer', '2030-01-08 12:00', '2030-01-08 13:00', 1) > 0, arbiter_reserve('buffer', '2030-01-08 09:00', '2030-01-08 10:00', 1) > 0;
-- the functions keep to the same
SELECT arbiter_reserve('buffer', '2030-01-20 10:00', '2030-01-20 12:00', 1) AS id \gset
SELECT arbiter_alter_resource('buffer', setup_time => '1 hour', cleanup_time => '1 hour');
SELECT arbiter_resize(:id, 1);
SELECT during, occupied FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_move(:id, '2030-01-20 11:00');
SELECT during, occupied FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_extend(:id, '2030-01-20 14:00');
SELECT arbiter_truncate(:id, '2030-01-20 12:00');
SELECT during, occupied FROM arbiter_reservation WHERE reservation_id = :id;
SELECT * FROM arbiter_check();

-- by raw UPDATE of the resource, within one transaction, undone in part
BEGIN;
UPDATE arbiter_resource SET setup_time = '10 min', cleanup_time = NULL WHERE name = 'buffer';
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-15 10:00,2030-01-15 11:00)', 1) RETURNING occupied;
SAVEPOINT s;
UPDATE arbiter_resource SET setup_time = '20 min' WHERE name = 'buffer';
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-15 12:00,2030-01-15 13:00)', 1) RETURNING occupied;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-15 12:00,2030-01-15 13:00)', 1) RETURNING occupied;
ROLLBACK TO s;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer'), '[2030-01-15 12:00,2030-01-15 13:00)', 1) RETURNING occupied;
SELECT arbiter_reserve('buffer', '2030-01-15 14:00', '2030-01-15 15:00', 1) AS id \gset
SELECT occupied FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
SELECT outcome(format('SELECT arbiter_create_resource(%L, %s)', 'buffer.bad', o)) FROM unnest(ARRAY['setup_time => ''-1 s''', 'cleanup_time => ''-1 s''', 'setup_time => ''1 month''', 'cleanup_time => ''1 year''', 'setup_time => ''10000 days''']) o;
SELECT outcome($$ SELECT arbiter_alter_resource('buffer', setup_time => '-1 day') $$);
SELECT outcome($$ UPDATE arbiter_resource SET cleanup_time = '-1 day' WHERE name = 'buffer' $$);
SELECT outcome($$ UPDATE arbiter_resource SET cleanup_time = '1 month' WHERE name = 'buffer' $$);
SELECT outcome($$ UPDATE arbiter_resource SET cleanup_time = '367 days' WHERE name = 'buffer' $$);
SELECT outcome($$ UPDATE arbiter_resource SET setup_time = '366 days 1 second' WHERE name = 'buffer' $$);
SELECT setup_time, cleanup_time FROM arbiter_resource WHERE name LIKE 'buffer%' ORDER BY name;

--
-- granularity is that of the public range
--
SELECT arbiter_create_resource('buffer.grid', granularity => '1 hour', setup_time => '20 min', cleanup_time => '25 min') > 0;
SELECT arbiter_set_capacity('buffer.grid', '2030-01-01', '2030-02-01', 1);
SELECT arbiter_reserve('buffer.grid', '2030-01-05 10:00', '2030-01-05 12:00', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('buffer.grid', '2030-01-05 13:20', '2030-01-05 14:20', 1) $$);
SELECT t.earliest_start, g.granted FROM arbiter_try_reserve('buffer.grid', '2030-01-05 10:00', '2030-01-05 11:00', 1) t,
	arbiter_try_reserve('buffer.grid', t.earliest_start, t.earliest_start + interval '1 hour', 1) g;
-- 14:00 is taken until 14:25, and 15:00 needs 14:40: fits
SELECT arbiter_reserve('buffer.grid', '2030-01-05 15:00', '2030-01-05 16:00', 1) > 0;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.grid'), '[2030-01-05 16:40,2030-01-05 17:00)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.grid'), '[2030-01-05 16:00,2030-01-05 17:00)', 1) $$);
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.grid'), '[2030-01-05 17:00,2030-01-05 18:00)', 1);
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '20 min', upper(during)) WHERE resource_id = id_of('buffer.grid') AND lower(during) = '2030-01-05 17:00' $$);
-- not even if what is occupied stays the same
SELECT arbiter_alter_resource('buffer.grid', setup_time => '40 min');
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '20 min', upper(during)) WHERE resource_id = id_of('buffer.grid') AND lower(during) = '2030-01-05 17:00' $$);
SELECT * FROM occupied('buffer.grid');
-- found by the search, over several
SELECT * FROM arbiter_find_slot('buffer.grid', 1, '1 hour', after => '2030-01-05 09:30', max_results => 2);
-- lead time is that of the public start
SELECT arbiter_create_resource('buffer.lead', min_lead => '1 hour', setup_time => '2 hours') > 0;
SELECT arbiter_set_capacity('buffer.lead', '2000-01-01', 'infinity', 1);
BEGIN;
SELECT arbiter_reserve('buffer.lead', NULL, 'infinity', 1) AS id \gset
SELECT lower(during) = created_at + interval '1 hour', lower(occupied) = created_at - interval '1 hour', upper(occupied) FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;

--
-- the ends of time
--
SELECT arbiter_create_resource('buffer.ends', setup_time => '1 day', cleanup_time => '1 day') > 0;
SELECT arbiter_set_capacity('buffer.ends', '4713-01-01 BC', 'infinity', 2);
SELECT arbiter_reserve('buffer.ends', '2030-01-02', 'infinity', 1) > 0;
SELECT during, occupied FROM occupied('buffer.ends');
SELECT arbiter_available('buffer.ends', '2030-01-01', 'infinity'), arbiter_available('buffer.ends', '-infinity', '2030-01-01'), arbiter_available('buffer.ends', '2029-12-30', '2029-12-31'),
	arbiter_available('buffer.ends', '294276-12-30', '294276-12-31 23:59:59.999999');
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.ends'), '[4713-01-02 BC,4713-01-03 BC)', 1), (id_of('buffer.ends'), '[294276-12-30,294276-12-31 23:59:59.999999)', 1);
SELECT during, occupied FROM occupied('buffer.ends');
SELECT * FROM arbiter_check('buffer.ends');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.ends'), '[2030-01-01,)', 1) RETURNING occupied $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('buffer.ends'), '[2030-01-01,)', 1) $$);
SELECT * FROM arbiter_check('buffer.ends');

--
-- several resources, each with its own
--
SELECT arbiter_create_resource('buffer.a', setup_time => '1 hour') > 0, arbiter_create_resource('buffer.b', cleanup_time => '2 hours') > 0, arbiter_create_resource('buffer.c') > 0;
SELECT arbiter_set_capacity(name, '2030-01-01', '2030-02-01', 1) FROM arbiter_resource WHERE name ~ '^buffer\.[abc]$';
SELECT arbiter_reserve_all('{"buffer.a": 1, "buffer.b": 1, "buffer.c": 1}', '2030-01-05 10:00', '2030-01-05 12:00') AS id \gset
SELECT name, part, during, occupied FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE reservation_id = :id ORDER BY name;
SELECT start_time, end_time, resources FROM arbiter_booking WHERE reservation_id = :id;
-- a: from 13:00 on; b: from 14:00; c: from 12:00
SELECT t.limiting_resource, t.limiting_time, t.earliest_start, g.granted FROM arbiter_try_reserve_all('{"buffer.a": 1, "buffer.b": 1, "buffer.c": 1}', '2030-01-05 12:00', '2030-01-05 13:00') t,
	arbiter_try_reserve_all('{"buffer.a": 1, "buffer.b": 1, "buffer.c": 1}', t.earliest_start, t.earliest_start + interval '1 hour') g;
SELECT outcome($$ SELECT arbiter_reserve_all('{"buffer.a": 1, "buffer.c": 1}', '2030-01-05 12:30', '2030-01-05 13:00') $$);
SELECT arbiter_reserve_all('{"buffer.a": 1, "buffer.c": 1}', '2030-01-05 16:00', '2030-01-05 17:00') > 0;
SELECT arbiter_reserve_all('{"buffer.a": 1, "buffer.c": 1}', '2030-01-05 08:00', '2030-01-05 09:00') > 0;
SELECT arbiter_reserve_all('{"buffer.b": 1, "buffer.c": 1}', '2030-01-05 07:00', '2030-01-05 08:00') > 0;
SELECT * FROM arbiter_check();

--
-- a user's trigger: what it makes of the row is what is occupied
--
CREATE FUNCTION buffer_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'late' THEN
		NEW.during := tstzrange(lower(NEW.during) + interval '1 day', upper(NEW.during) + interval '1 day');
	ELSIF NEW.user_id = 'thief' THEN
		NEW.occupied := NEW.during;
	ELSIF NEW.user_id = 'other' THEN
		NEW.resource_id := id_of('buffer.none');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER buffer_trigger BEFORE INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION buffer_trigger();
SELECT arbiter_reserve('buffer.a', '2030-01-10 10:00', '2030-01-10 11:00', 1, u) > 0 FROM unnest(ARRAY['late', 'thief', 'other']) u;
SELECT name, user_id, during, occupied FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE name LIKE 'buffer%' AND user_id IN ('late', 'thief', 'other') ORDER BY user_id;
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE name LIKE 'buffer%' AND user_id IN ('late', 'thief', 'other');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) SELECT id_of('buffer.a'), '[2030-01-10 10:00,2030-01-10 11:00)', 1, u FROM unnest(ARRAY['late', 'thief', 'other']) u;
SELECT name, user_id, during, occupied FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE name LIKE 'buffer%' AND user_id IN ('late', 'thief', 'other') AND status = 'confirmed' ORDER BY user_id;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('buffer.a'), '[2030-01-10 11:00,2030-01-10 12:00)', 1, 'thief') $$);
DROP TRIGGER buffer_trigger ON arbiter_reservation;
DROP FUNCTION buffer_trigger;
SELECT * FROM arbiter_check();

--
-- COPY: computed where it is checked; as it comes, where a restore loads
--
INSERT INTO arbiter_resource (resource_id, name, setup_time) VALUES (9701, 'buffer.unbuilt', '1 hour');
COPY arbiter_capacity FROM stdin;
9701	[2030-01-01,2030-02-01)	1
\.
COPY arbiter_reservation (resource_id, during, amount, user_id, occupied) FROM stdin;
9701	["2030-01-05 10:00","2030-01-05 11:00")	1	restored	\N
9701	["2030-01-05 12:00","2030-01-05 13:00")	1	restored	["2030-01-05 11:15","2030-01-05 13:20")
9701	["2030-01-05 20:00","2030-01-05 21:00")	1	restored	["2030-01-05 20:00","2030-01-05 21:00")
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9701;
SELECT arbiter_available('buffer.unbuilt', '2030-01-05 11:10', '2030-01-05 11:15'), arbiter_available('buffer.unbuilt', '2030-01-05 14:20', '2030-01-05 15:00'), arbiter_available('buffer.unbuilt', '2030-01-05 14:19', '2030-01-05 15:00');
SELECT * FROM arbiter_timeline('buffer.unbuilt', '2030-01-05', '2030-01-06');
-- a window that ends before the reservation begins, and has its setup time
SELECT * FROM arbiter_timeline('buffer.unbuilt', '2030-01-05 11:00', '2030-01-05 11:30');
SELECT arbiter_reserve('buffer.unbuilt', '2030-01-05 15:00', '2030-01-05 16:00', 1) > 0;
SELECT * FROM occupied('buffer.unbuilt');
-- built: the same is computed now
COPY arbiter_reservation (resource_id, during, amount, user_id, occupied) FROM stdin;
9701	["2030-01-06 10:00","2030-01-06 11:00")	1	copied	\N
9701	["2030-01-06 12:00","2030-01-06 13:00")	1	copied	["2030-01-06 11:15","2030-01-06 13:20")
9701	["2030-01-06 20:00","2030-01-06 21:00")	1	copied	["2030-01-06 20:00","2030-01-06 21:00")
\.
SELECT * FROM occupied('buffer.unbuilt') WHERE lower(during) > '2030-01-06';
COPY arbiter_reservation (resource_id, during, amount, user_id, occupied) FROM stdin;
9701	["2030-01-06 13:00","2030-01-06 13:30")	1	copied	["2030-01-06 13:00","2030-01-06 13:30")
\.
-- what is no such range is refused in either
COPY arbiter_reservation (resource_id, during, amount, user_id, occupied) FROM stdin;
9701	["2030-01-07 13:00","2030-01-07 13:30")	1	copied	["2030-01-07 13:10","2030-01-07 13:30")
\.
DELETE FROM arbiter_timeline WHERE resource_id = 9701;
COPY arbiter_reservation (resource_id, during, amount, user_id, occupied) FROM stdin;
9701	["2030-01-07 13:00","2030-01-07 13:30")	1	copied	["2030-01-07 13:10","2030-01-07 13:30")
\.
SELECT arbiter_rebuild('buffer.unbuilt') > 0;
SELECT count(*) FROM occupied('buffer.unbuilt');
SELECT * FROM arbiter_check();

--
-- capacity: what is occupied must be covered, and counts in the conflicts
--
SELECT outcome($$ SELECT arbiter_set_capacity('buffer.unbuilt', '2030-01-05 13:05', '2030-01-05 13:10', 0) $$);
SELECT arbiter_set_capacity('buffer.unbuilt', '2030-01-05 13:05', '2030-01-05 13:10', 0, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('buffer.unbuilt');
SELECT arbiter_set_capacity('buffer.unbuilt', '2030-01-05 13:05', '2030-01-05 13:10', 1);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('buffer.unbuilt');
DROP FUNCTION occupied;
SELECT arbiter_drop_resource(name, force => true) FROM arbiter_resource WHERE name LIKE 'buffer%';
