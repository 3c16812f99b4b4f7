-- The views for analysts and operators.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
SET client_min_messages TO warning;
\pset null '(null)'

-- They look at a window around now.  Everything within one DO happens at one
-- statement_timestamp(), so what they say then does not depend on the hour: the
-- test places its rows around that instant, and shows days as numbers from today.
CREATE TEMPORARY TABLE utilisation (LIKE arbiter_utilisation);
ALTER TABLE utilisation ADD day_number integer;
CREATE TEMPORARY TABLE utilisation_east (LIKE utilisation);
CREATE TEMPORARY TABLE usage (LIKE arbiter_usage);
CREATE TEMPORARY TABLE lead_time (LIKE arbiter_lead_time);
CREATE TEMPORARY TABLE expired_hold (LIKE arbiter_expired_hold);
CREATE TEMPORARY TABLE running (LIKE arbiter_running);
CREATE TEMPORARY TABLE upcoming (LIKE arbiter_upcoming);
CREATE TEMPORARY TABLE nearly_exhausted (LIKE arbiter_nearly_exhausted);
CREATE TEMPORARY TABLE clock (now timestamptz, today timestamptz);

CREATE FUNCTION days(instant timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN instant = now THEN 'now' WHEN instant = 'infinity' THEN 'infinity'
		ELSE to_char(extract(epoch FROM instant - today) / 86400, 'FMS990.0') END FROM clock
$$;

-- Read all of them at the instant of the clock.
CREATE PROCEDURE look() LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM utilisation;
	DELETE FROM usage;
	DELETE FROM lead_time;
	DELETE FROM expired_hold;
	DELETE FROM running;
	DELETE FROM upcoming;
	DELETE FROM nearly_exhausted;
	INSERT INTO utilisation SELECT u.*, u.day - c.now::date
		FROM arbiter_utilisation u CROSS JOIN clock c WHERE resource ~ '^views';
	INSERT INTO usage SELECT * FROM arbiter_usage WHERE resource ~ '^views';
	INSERT INTO lead_time SELECT * FROM arbiter_lead_time WHERE resource ~ '^views';
	INSERT INTO expired_hold SELECT * FROM arbiter_expired_hold WHERE resource ~ '^views';
	INSERT INTO running SELECT * FROM arbiter_running WHERE resource ~ '^views';
	INSERT INTO upcoming SELECT * FROM arbiter_upcoming WHERE resource ~ '^views';
	INSERT INTO nearly_exhausted SELECT * FROM arbiter_nearly_exhausted WHERE resource ~ '^views';
END
$$;

-- nothing yet, and a resource without a schedule: no reason to fail
SELECT arbiter_create_resource('views.bare') > 0 AS created;
DO $$
BEGIN
	INSERT INTO clock SELECT statement_timestamp(), date_trunc('day', statement_timestamp());
	CALL look();
	DELETE FROM clock;
END
$$;
SELECT resource, unit, count(*) AS days, min(day_number), max(day_number), min(capacity_hours) AS capacity_min,
	max(capacity_hours) AS capacity_max, sum(reserved_hours) AS reserved, max(utilisation_percent) AS utilisation_percent
FROM utilisation GROUP BY resource, unit;
SELECT count(*) FROM usage;
SELECT count(*) FROM lead_time;
SELECT count(*) FROM nearly_exhausted;

-- all there is to see
SELECT arbiter_create_resource('views.gpu', unit => 'card') > 0 AS created;
SELECT arbiter_create_resource('views.seat', float_percent => 15) > 0 AS created;
SELECT arbiter_create_resource('views.bay', setup_time => '2 hours', cleanup_time => '30 min') > 0 AS created;
SELECT arbiter_set_capacity('views.bay', '2020-01-01', 'infinity', 1);
SELECT arbiter_set_capacity('views.gpu', '2020-01-01', 'infinity', 10);
SELECT arbiter_set_capacity('views.seat', '2020-01-01', 'infinity', 20);
DO $$
DECLARE
	now timestamptz := statement_timestamp();
	today timestamptz := date_trunc('day', now);
	day interval := '24 hours';
	minute interval := '1 minute';
BEGIN
	INSERT INTO clock VALUES (now, today);
	PERFORM arbiter_set_capacity('views.gpu', today - 5 * day, today - 4.5 * day, 20);
	INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount, user_id, status,
		created_at, expires_at) VALUES
		(7001, 1, id_of('views.gpu'), tstzrange(today - 5 * day, today - 4 * day), 6, 'ada', 'confirmed', today - 15 * day, NULL),
		(7002, 1, id_of('views.gpu'), tstzrange(today - 40 * day, today - 29 * day), 2, 'ada', 'confirmed', today - 39 * day, NULL),
		-- runs now
		(7003, 1, id_of('views.gpu'), tstzrange(today - day, today + 2 * day), 4, 'bob', 'confirmed', today - 2 * day, NULL),
		(7003, 2, id_of('views.seat'), tstzrange(today - day, today + 2 * day), 3, 'bob', 'confirmed', today - 2 * day, NULL),
		-- ends and starts now: not what runs, but what starts only an instant later
		(7004, 1, id_of('views.seat'), tstzrange(now - day, now), 1, 'cleo', 'confirmed', now - day, NULL),
		(7005, 1, id_of('views.seat'), tstzrange(now, now + minute), 1, 'cleo', 'confirmed', now - day, NULL),
		-- held: still, since an instant no more, for ever, expired and reaped
		(7006, 1, id_of('views.gpu'), tstzrange(today + 4 * day, today + 5 * day), 3, 'dan', 'held', today, now + day),
		(7007, 1, id_of('views.gpu'), tstzrange(today + 4 * day, today + 5 * day), 2, 'eve', 'held', today, now),
		(7008, 1, id_of('views.gpu'), tstzrange(today + 4 * day, today + 5 * day), 1, 'fay', 'held', today, NULL),
		(7009, 1, id_of('views.gpu'), tstzrange(today + 4 * day, today + 5 * day), 9, 'gus', 'expired', today, now - day),
		(7010, 1, id_of('views.gpu'), tstzrange(today - day, today + day), 2, 'eve', 'held', today, now - minute),
		(7011, 1, id_of('views.gpu'), tstzrange(today - day, today + day), 9, 'gus', 'cancelled', today, NULL),
		-- nearly exhausted: 9 of 10; then 10 of 10; not 8 of 10; then again
		(7012, 1, id_of('views.gpu'), tstzrange(today + 8 * day, today + 9 * day), 9, 'ada', 'confirmed', today, NULL),
		(7013, 1, id_of('views.gpu'), tstzrange(today + 9 * day, today + 10 * day), 10, 'ada', 'confirmed', today, NULL),
		(7014, 1, id_of('views.gpu'), tstzrange(today + 10 * day, today + 11 * day), 8, 'ada', 'confirmed', today, NULL),
		(7015, 1, id_of('views.gpu'), tstzrange(today + 11 * day, today + 12 * day), 9, 'ada', 'confirmed', today, NULL),
		(7016, 1, id_of('views.gpu'), tstzrange(today + 28 * day, 'infinity'), 9, 'zoe', 'confirmed', today, NULL),
		-- with the float of 3 taken off, 17 are left of 20 seats
		(7017, 1, id_of('views.seat'), tstzrange(today + 3 * day, today + 4 * day), 14, 'ada', 'confirmed', today, NULL),
		(7018, 1, id_of('views.seat'), tstzrange(today + 4 * day, today + 5 * day), 15, 'ada', 'confirmed', today, NULL);
	-- its setup is on the day before
	INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount, user_id)
	VALUES (7019, id_of('views.bay'), tstzrange(today + 3 * day, today + 3.5 * day), 1, 'bob');
	-- oversold
	PERFORM arbiter_set_capacity('views.gpu', today + 8.5 * day, today + 9 * day, 7, force => true);
	CALL look();
	-- the same days are others elsewhere
	PERFORM set_config('timezone', 'Etc/GMT-8', true);
	INSERT INTO utilisation_east SELECT u.*, u.day - (now AT TIME ZONE 'Etc/GMT-8')::date
		FROM arbiter_utilisation u WHERE resource ~ '^views';
	UPDATE utilisation_east SET day_number = NULL WHERE day_number BETWEEN -30 AND 30;
END
$$;

SELECT resource, unit, day_number, capacity_hours, reserved_hours, utilisation_percent, reserved_max, available_min
FROM utilisation WHERE resource = 'views.gpu' AND (reserved_hours > 0 OR day_number IN (-30, 0, 30)) ORDER BY day_number;
SELECT day_number, capacity_hours, reserved_hours, utilisation_percent, reserved_max
FROM utilisation WHERE resource = 'views.seat' AND day_number BETWEEN 1 AND 5 ORDER BY day_number;
SELECT day_number, capacity_hours, reserved_hours, utilisation_percent, reserved_max
FROM utilisation WHERE resource = 'views.bay' AND day_number BETWEEN 1 AND 4 ORDER BY day_number;
-- each day once
SELECT resource, count(*), count(DISTINCT day) AS days FROM utilisation GROUP BY resource ORDER BY resource;

-- now divides them: what is used and what is booked are shown as a sum
SELECT resource, unit, user_id, reservations, used_hours > 0 AS used, booked_hours > 0 AS booked,
	used_hours + booked_hours AS hours
FROM usage ORDER BY resource, user_id;
-- by user and by day it is the same, where there is no setup
SELECT sum(used_hours + booked_hours) AS hours FROM usage WHERE resource = 'views.gpu'
UNION ALL SELECT sum(reserved_hours) FROM utilisation WHERE resource = 'views.gpu';
SELECT resource, round(sum(used_percent)) AS sum_of_shares, bool_and(used_percent BETWEEN 0 AND 100) AS are_shares
FROM usage GROUP BY resource ORDER BY resource;

SELECT resource, reservations, made_after_start, shortest, first_decile, median, last_decile, longest
FROM lead_time WHERE resource = 'views.gpu';
SELECT reservation_id, part, resource, unit, amount, user_id, days(start_time) AS start_time, days(end_time) AS end_time,
	days(held_at) AS held_at, clock.now - expired_at AS expired_since
FROM expired_hold CROSS JOIN clock ORDER BY expired_since, reservation_id;
SELECT reservation_id, part, resource, unit, amount, user_id, status, days(start_time) AS start_time,
	days(end_time - CASE WHEN reservation_id = 7005 THEN interval '1 minute' ELSE '0' END) AS end_time
FROM running ORDER BY reservation_id, part;
SELECT reservation_id, part, resource, unit, amount, user_id, status, days(start_time) AS start_time, days(end_time) AS end_time
FROM upcoming;
SELECT resource, unit, days(start_time) AS start_time, days(end_time) AS end_time, available_min, capacity,
	days(tightest_time) AS tightest_time
FROM nearly_exhausted;

-- eight hours further east the days begin eight hours earlier
SELECT count(*), count(day_number) AS outside_the_window, count(*) FILTER (WHERE capacity_hours = 240) AS of_240_hours
FROM utilisation_east WHERE resource = 'views.gpu';
SELECT u.day - c.today::date AS day_number, reserved_hours, reserved_max
FROM utilisation_east u CROSS JOIN clock c
WHERE resource = 'views.gpu' AND u.day - c.today::date BETWEEN 4 AND 9 ORDER BY 1;

-- Refused demand, on a Monday: 6 of 10 are taken from 9 to 17.
SELECT arbiter_create_resource('views.demand', unit => 'room') > 0 AS created;
SELECT arbiter_set_capacity('views.demand', '2024-03-04', '2024-05-01', 10);
SELECT arbiter_reserve('views.demand', '2024-03-04 09:00', '2024-03-04 17:00', 6, 'ada') > 0 AS granted;
SELECT count(*) FILTER (WHERE NOT granted) AS refused, array_agg(DISTINCT reason) AS reasons FROM (
	SELECT t.* FROM arbiter_try_reserve('views.demand', '2024-03-04 08:30', '2024-03-04 11:00', 7, 'bob') t
	UNION ALL
	SELECT t.* FROM generate_series(1, 3) try CROSS JOIN LATERAL
		arbiter_try_reserve('views.demand', '2024-03-04 10:00', '2024-03-04 10:45', 5 + 0 * try, 'bob') t
	UNION ALL
	SELECT t.* FROM arbiter_try_reserve('views.demand', '2024-03-04 10:15', '2024-03-04 10:30', 20, 'cleo') t
	UNION ALL
	-- outside the schedule
	SELECT t.* FROM arbiter_try_reserve('views.demand', '2024-02-18 23:00', '2024-02-19 01:00', 2, 'bob') t) tries;
-- for want of notice: nothing to build
SELECT arbiter_alter_resource('views.demand', min_lead => '0');
SELECT granted, reason FROM arbiter_try_reserve('views.demand', '2024-03-06 10:15', '2024-03-06 10:30', 20, 'cleo');
SELECT arbiter_alter_resource('views.demand', clear => '{min_lead}');
SELECT resource, unit, day_of_week, hour_of_day, requests, denials, users, refused_hours, largest_shortfall,
	last_denied_at BETWEEN now() - interval '1 hour' AND now() AS timely
FROM arbiter_refused_demand WHERE resource = 'views.demand';
-- a plain refusal leaves no trace
SELECT outcome($$ SELECT arbiter_reserve('views.demand', '2024-03-07 08:30', '2024-03-07 11:00', 11, 'bob') $$);
SELECT count(*) FROM arbiter_refused_demand WHERE resource = 'views.demand' AND day_of_week = 4;

-- The night of a change of clocks: no hour 2 in spring, two of them in autumn.
SET timezone TO 'Europe/Berlin';
SELECT arbiter_create_resource('views.clocks') > 0 AS created;
SELECT granted, reason FROM arbiter_try_reserve('views.clocks', '2024-03-31 00:30', '2024-03-31 04:30', 1, 'bob');
SELECT day_of_week, hour_of_day, requests, refused_hours FROM arbiter_refused_demand WHERE resource = 'views.clocks';
SELECT granted, reason FROM arbiter_try_reserve('views.clocks', '2024-10-27 00:30', '2024-10-27 04:30', 1, 'bob');
SELECT day_of_week, hour_of_day, requests, refused_hours FROM arbiter_refused_demand WHERE resource = 'views.clocks';
SET timezone TO 'UTC';

-- Without end, and longer than a week: its first 168 hours, each hour of the week once.
SELECT arbiter_create_resource('views.long') > 0 AS created;
SELECT granted, reason FROM arbiter_try_reserve('views.long', '2024-03-01 10:30', 'infinity', 2, 'bob');
SELECT count(*), sum(requests) AS requests, sum(refused_hours) AS refused_hours, max(requests), max(refused_hours)
FROM arbiter_refused_demand WHERE resource = 'views.long';

-- They run as who asks: the views alone are not enough.
CREATE ROLE regress_arbiter_analyst;
SET ROLE regress_arbiter_analyst;
SELECT outcome('SELECT * FROM arbiter_utilisation');
RESET ROLE;
GRANT SELECT ON arbiter_utilisation, arbiter_usage, arbiter_refused_demand, arbiter_lead_time, arbiter_expired_hold,
	arbiter_running, arbiter_upcoming, arbiter_nearly_exhausted TO regress_arbiter_analyst;
SET ROLE regress_arbiter_analyst;
SELECT outcome('SELECT * FROM arbiter_utilisation');
SELECT outcome('SELECT * FROM arbiter_usage');
SELECT outcome('SELECT * FROM arbiter_refused_demand');
SELECT outcome('SELECT * FROM arbiter_nearly_exhausted');
RESET ROLE;
GRANT SELECT ON arbiter_resource, arbiter_capacity, arbiter_reservation, arbiter_denial TO regress_arbiter_analyst;
GRANT EXECUTE ON FUNCTION arbiter_timeline, arbiter_calendar TO regress_arbiter_analyst;
SET ROLE regress_arbiter_analyst;
BEGIN READ ONLY;
SELECT count(*) > 0 AS readable FROM arbiter_utilisation WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_usage WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_refused_demand WHERE resource = 'views.demand'
UNION ALL SELECT count(*) > 0 FROM arbiter_lead_time WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_expired_hold WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_running WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_upcoming WHERE resource = 'views.gpu'
UNION ALL SELECT count(*) > 0 FROM arbiter_nearly_exhausted WHERE resource = 'views.gpu';
COMMIT;
RESET ROLE;
DROP OWNED BY regress_arbiter_analyst;
DROP ROLE regress_arbiter_analyst;

-- each says which question it answers
SELECT c.relname, obj_description(c.oid, 'pg_class') ~ '\?' AS has_question
FROM pg_class c WHERE c.relkind = 'v' AND c.relname ~ '^arbiter_' AND c.relname <> 'arbiter_booking' ORDER BY 1;

DROP PROCEDURE look();
DROP FUNCTION days(timestamptz);
SELECT problem FROM arbiter_check() WHERE resource_id IN (SELECT resource_id FROM arbiter_resource WHERE name ~ '^views');
