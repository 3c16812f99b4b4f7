-- arbiter_calendar and arbiter_calendar_all: buckets of time.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- the golden calendar: a coarse cell shows the worst fine instant
SELECT arbiter_create_resource('calendar') > 0;
SELECT arbiter_set_capacity('calendar', '2020-01-01', '2020-02-02', 10);
SELECT count(arbiter_reserve('calendar', timestamptz '2020-01-01' + n * interval '1 day', timestamptz '2020-01-12' + n * interval '1 day', 1))
FROM generate_series(0, 5) n;
SELECT string_agg(available_min::text, ',' ORDER BY bucket_start) FROM arbiter_calendar('calendar', '2020-01-01', '2020-02-02', '1 day');
SELECT string_agg(available_min::text, ',' ORDER BY bucket_start) FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-29', '1 week');
-- every column; the last bucket is cut
\pset tuples_only off
\pset format aligned
SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-02-02', '1 week');
SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-02-02', '1 month');
\pset format unaligned
\pset tuples_only on
SELECT arbiter_create_resource('calendar.fine') > 0;
SELECT arbiter_set_capacity('calendar.fine', '2030-01-01', '2030-01-09', 4);
SELECT count(arbiter_reserve('calendar.fine', timestamptz '2030-01-01' + n * interval '1 day', timestamptz '2030-01-02' + n * interval '1 day', taken))
FROM unnest('{0,1,2,1,0,2,0,0}'::int[]) WITH ORDINALITY t (taken, day) CROSS JOIN LATERAL (SELECT day - 1 AS n) d WHERE taken > 0;
SELECT available_min FROM arbiter_calendar('calendar.fine', '2030-01-01', '2030-01-09', '1 day');
SELECT available_min, available_max, available_avg FROM arbiter_calendar('calendar.fine', '2030-01-01', '2030-01-09', '8 days');
SELECT available_min, available_max, available_avg FROM arbiter_calendar('calendar.fine', '2030-01-01', '2030-01-09', '1 year');
SELECT bucket_start, available_min, available_max, available_avg FROM arbiter_calendar('calendar.fine', '2030-01-01', '2030-01-09', '2 days');
-- not at the start of a step, and not to the end of one
SELECT bucket_start, bucket_end, reserved_avg, available_min FROM arbiter_calendar('calendar.fine', '2030-01-01 22:30', '2030-01-02 01:45', '1 hour');
SELECT bucket_start, bucket_end, reserved_min, reserved_max, reserved_avg FROM arbiter_calendar('calendar.fine', '2030-01-01 23:59:59.999998', '2030-01-02 00:00:00.000003', '3 microseconds');
SELECT bucket_start, bucket_end, available_avg FROM arbiter_calendar('calendar.fine', '2030-01-03', '2030-01-03 00:00:00.000001', '1 microsecond');

-- time that is not declared has capacity 0; averages are weighted by time
SELECT bucket_start, capacity_min, capacity_max, reserved_avg, available_min, available_max, available_avg
FROM arbiter_calendar('calendar.fine', '2029-12-31 12:00', '2030-01-01 12:00', '1 day');
SELECT * FROM arbiter_calendar('calendar.fine', '2001-01-01', '2001-01-03', '1 day');
SELECT arbiter_create_resource('calendar.empty') > 0;
SELECT * FROM arbiter_calendar('calendar.empty', '2001-01-01', '2001-01-03', '1 day');
-- oversold is negative
SELECT arbiter_set_capacity('calendar.fine', '2030-01-03', '2030-01-03 06:00', 0, force => true);
SELECT bucket_start, capacity_min, capacity_max, reserved_min, reserved_max, reserved_avg, available_min, available_max, available_avg
FROM arbiter_calendar('calendar.fine', '2030-01-02', '2030-01-04', '12 hours');
-- averages as large as amounts may be, and as small
SELECT arbiter_create_resource('calendar.large') > 0;
SELECT arbiter_set_capacity('calendar.large', '2000-01-01', '2100-01-01', 9223372036854775807);
SELECT arbiter_reserve('calendar.large', '2030-01-01', '2030-01-02', 9223372036854775806) > 0;
SELECT arbiter_reserve('calendar.large', '2031-01-01', '2032-01-01', 1) > 0;
SELECT bucket_start, reserved_max, reserved_avg, available_min, available_max, available_avg
FROM arbiter_calendar('calendar.large', '2030-01-01', '2030-01-04', '3 days');
SELECT reserved_avg, available_avg FROM arbiter_calendar('calendar.large', '2000-01-01', '2100-01-01', '100 years');
SELECT reserved_avg, available_avg FROM arbiter_calendar('calendar.large', '2030-12-31', '2031-01-01 00:00:00.01', '1 year');
SELECT arbiter_set_capacity('calendar.large', '2030-01-01', '2030-01-02', 0, force => true);
SELECT reserved_avg, available_min, available_avg FROM arbiter_calendar('calendar.large', '2030-01-01', '2030-01-02', '1 day');
SELECT reserved_avg, available_min, available_max, available_avg FROM arbiter_calendar('calendar.large', '2029-12-31', '2030-01-02', '2 days');

-- days over a change of the clock have 23 or 25 hours, hours have one
SELECT arbiter_create_resource('calendar.zone') > 0;
SELECT arbiter_set_capacity('calendar.zone', '2000-01-01', '2040-01-01', 10);
SELECT arbiter_reserve('calendar.zone', '2030-03-31 00:30+00', '2030-03-31 01:30+00', 3) > 0;
SELECT arbiter_reserve('calendar.zone', '2030-10-27 00:30+00', '2030-10-27 01:30+00', 3) > 0;
CREATE FUNCTION buckets(start_time timestamp, end_time timestamp, grain interval, zone text)
RETURNS TABLE (bucket_start timestamp, hours interval, reserved_max bigint, reserved_avg numeric)
LANGUAGE sql AS $$
	SELECT c.bucket_start AT TIME ZONE zone, c.bucket_end - c.bucket_start, c.reserved_max, c.reserved_avg
	FROM arbiter_calendar('calendar.zone', start_time AT TIME ZONE zone, end_time AT TIME ZONE zone, grain, zone) c
$$;
SELECT * FROM buckets('2030-03-30', '2030-04-02', '1 day', 'Europe/London');
SELECT * FROM buckets('2030-03-31', '2030-03-31 04:00', '1 hour', 'Europe/London');
SELECT * FROM buckets('2030-10-26', '2030-10-29', '1 day', 'Europe/London');
SELECT * FROM buckets('2030-10-27', '2030-10-27 03:00', '1 hour', 'Europe/London');
SELECT * FROM buckets('2030-10-26', '2030-10-29', '24 hours', 'Europe/London');
SELECT * FROM buckets('2030-03-09', '2030-03-12', '1 day', 'America/New_York');
SELECT * FROM buckets('2030-11-02', '2030-11-05', '1 day', 'America/New_York');
SELECT * FROM buckets('2030-10-28', '2030-11-11', '1 week', 'America/New_York');
SELECT * FROM buckets('2030-10-01', '2031-01-01', '1 month', 'America/New_York');
-- the hour that the clock leaves out: the days after start at 02:30 again
SELECT * FROM buckets('2030-03-09 02:30', '2030-03-12 02:30', '1 day', 'America/New_York');
-- zones of half an hour, and one that changes its clock by half an hour
SELECT * FROM buckets('2030-01-01', '2030-01-03', '1 day', 'Asia/Kolkata');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-01 00:00+05:30', '2030-01-02 00:00+05:30', '12 hours', 'Asia/Kolkata');
SELECT * FROM buckets('2030-04-06', '2030-04-09', '1 day', 'Australia/Lord_Howe');
SELECT * FROM buckets('2030-10-05', '2030-10-08', '1 day', 'Australia/Lord_Howe');
-- a day that starts at 01:00, and one that a zone left out of its calendar
SELECT * FROM buckets('2017-10-14', '2017-10-17', '1 day', 'America/Sao_Paulo');
SELECT * FROM buckets('2011-12-29', '2012-01-01', '1 day', 'Pacific/Apia');
-- POSIX zones, as SET timezone shows them
SELECT * FROM buckets('2030-01-01', '2030-01-02', '1 day', '<+03>-03');
-- the zone of the session is the default
SET timezone TO 'Europe/London';
SELECT bucket_start, bucket_end FROM arbiter_calendar('calendar.zone', '2030-03-31', '2030-04-02', '1 day');
SELECT bucket_start, bucket_end FROM arbiter_calendar('calendar.zone', '2030-03-31', '2030-04-02', '1 day', 'UTC');
SELECT count(*) FROM arbiter_calendar(resource => 'calendar.zone', start_time => '2030-03-31', end_time => '2030-04-02', grain => '1 hour', tz => 'UTC');
SET timezone TO 'UTC';

-- months do not drift, and leap days are met
SELECT bucket_start, bucket_end FROM arbiter_calendar('calendar.zone', '2031-10-31', '2032-06-15', '1 month');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2028-02-29', '2033-01-01', '1 year');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-15', '2030-12-15', '3 months');
-- parts mixed, as the server adds them
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-31', '2030-07-01', '1 month 1 day 01:00');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-01', '2030-02-01', '1 month -20 days');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-01', '2030-01-04', '1 day 12 hours');
SELECT bucket_start FROM arbiter_calendar('calendar.zone', '2030-01-01', '2030-01-02', '1 day -12 hours');
-- the ends of time
SELECT bucket_start, bucket_end, capacity_max FROM arbiter_calendar('calendar.zone', '4714-11-24 00:00+00 BC', '294276-12-31 23:59:59.999999+00', '100000 years');
SELECT bucket_start, bucket_end FROM arbiter_calendar('calendar.zone', '294276-12-30 00:00+00', '294276-12-31 23:59:59.999999+00', '1 day');
SELECT bucket_start, bucket_end FROM arbiter_calendar('calendar.zone', '294276-01-01 00:00+00', '294276-12-31 23:59:59.999999+00', '178000000 years');
SELECT bucket_end - bucket_start FROM arbiter_calendar('calendar.zone', '294276-01-01 00:00+00', '294276-12-31 23:59:59.999999+00', '2147483647 days');

-- several resources: in the order of the array, or all by name
SELECT resource, bucket_start, available_min FROM arbiter_calendar_all('{calendar.zone,calendar}', '2020-01-06', '2020-01-08', '1 day');
SELECT resource, available_min FROM arbiter_calendar_all('{calendar,calendar}', '2020-01-06', '2020-01-07', '1 day');
SELECT resource, available_min FROM arbiter_calendar_all('{{calendar},{calendar.zone}}', '2020-01-06', '2020-01-07', '1 day');
SELECT count(*) FROM arbiter_calendar_all('{}', '2020-01-06', '2020-01-07', '1 day');
SELECT resource, available_min FROM arbiter_calendar_all(NULL, '2020-01-06', '2020-01-07', '1 day') WHERE resource LIKE 'calendar%';
SELECT count(DISTINCT a.resource) = (SELECT count(*) FROM arbiter_resource) FROM arbiter_calendar_all(NULL, '2020-01-06', '2020-01-07', '1 day') a;
SELECT resource, bucket_end - bucket_start FROM arbiter_calendar_all('{calendar}', '2030-03-31', '2030-04-01', '1 day', 'Europe/London');
-- names of any length
SELECT arbiter_create_resource(name) > 0 FROM (VALUES ('calendar ' || repeat('ä', 200)), ('calendar ' || repeat('x', 117)), ('calendar ' || repeat('x', 118))) v (name);
SELECT a.resource = r.name, a.resource = b.resource, a.capacity_max, a.reserved_avg, a.available_avg
FROM arbiter_resource r
CROSS JOIN LATERAL arbiter_calendar(r.name, '2030-01-01', '2030-01-02', '1 day') a
JOIN arbiter_calendar_all(NULL, '2030-01-01', '2030-01-02', '1 day') b ON b.resource = r.name
WHERE r.name LIKE 'calendar %';

-- in a select list, joined, repeated with other arguments, stopped early
SELECT (arbiter_calendar('calendar', '2020-01-01', '2020-01-03', '1 day')).available_min;
SELECT r.name, c.bucket_start, c.available_min
FROM arbiter_resource r CROSS JOIN LATERAL arbiter_calendar(r.name, '2020-01-06', '2020-01-08', '1 day') c
WHERE r.name IN ('calendar', 'calendar.zone') ORDER BY 1, 2;
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-01', '2020-02-02', '1 day') LIMIT 2;
CREATE TABLE calendar_kept AS SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-02-02', '1 week');
SELECT count(*), sum(available_avg), sum(pg_column_size(k.*)) > 0 FROM calendar_kept k;
DROP TABLE calendar_kept;

-- against plain SQL over the base tables: a random schedule with gaps, zeros and cuts, an unbuilt
-- resource with the same rows and an expired hold more, buffers, and a reservation without an end
CREATE FUNCTION naive_calendar(resource text, start_time timestamptz, end_time timestamptz, grain interval)
RETURNS TABLE (bucket_start timestamptz, bucket_end timestamptz, resource_name text, capacity_min numeric, capacity_max numeric,
	reserved_min numeric, reserved_max numeric, reserved_avg numeric, available_min numeric, available_max numeric, available_avg numeric)
LANGUAGE sql STABLE AS $$
	WITH capacity AS MATERIALIZED (
		SELECT c.during, c.amount FROM arbiter_capacity c WHERE c.resource_id = id_of(resource)
	), reservation AS MATERIALIZED (
		SELECT coalesce(v.occupied, v.during) AS during, v.amount
		FROM arbiter_reservation v
		WHERE v.resource_id = id_of(resource)
			AND (v.status = 'confirmed' OR v.status = 'held' AND coalesce(v.expires_at > statement_timestamp(), true))
	), bucket AS (
		SELECT start_time + n * grain AS first, least(start_time + (n + 1) * grain, end_time) AS last
		FROM generate_series(0, 10000) n
		WHERE start_time + n * grain < end_time
	), instant AS MATERIALIZED (
		SELECT i.instant FROM (
			SELECT lower(during) FROM capacity UNION SELECT upper(during) FROM capacity UNION
			SELECT lower(during) FROM reservation UNION SELECT upper(during) FROM reservation UNION
			SELECT first FROM bucket) i (instant)
		WHERE i.instant >= start_time AND i.instant < end_time
	), level AS MATERIALIZED (
		SELECT i.instant, extract(epoch FROM lead(i.instant, 1, end_time) OVER (ORDER BY i.instant) - i.instant) AS seconds,
			(SELECT coalesce(sum(c.amount), 0) FROM capacity c WHERE c.during @> i.instant) AS capacity,
			(SELECT coalesce(sum(v.amount), 0) FROM reservation v WHERE v.during @> i.instant) AS reserved
		FROM instant i
	)
	SELECT b.first, b.last, resource, min(l.capacity), max(l.capacity), min(l.reserved), max(l.reserved),
		round(sum(l.reserved * l.seconds) / sum(l.seconds), 6),
		min(l.capacity - l.reserved), max(l.capacity - l.reserved),
		round(sum((l.capacity - l.reserved) * l.seconds) / sum(l.seconds), 6)
	FROM bucket b JOIN level l ON l.instant >= b.first AND l.instant < b.last
	GROUP BY b.first, b.last
$$;
SELECT setseed(0.1912);
SELECT arbiter_create_resource('calendar.random', setup_time => '10 min', cleanup_time => '20 min') > 0;
SELECT count(arbiter_set_capacity('calendar.random', s, s + (1 + floor(random() * 40)) * interval '7 hours', floor(random() * 50)::bigint))
FROM generate_series(timestamptz '2030-03-01', '2030-11-20', '9 days') s;
SELECT count(*) FILTER (WHERE (arbiter_try_reserve('calendar.random', s, s + (1 + floor(random() * random() * 400)) * interval '15 min', 1 + floor(random() * 6)::int)).granted) > 100
FROM (SELECT timestamptz '2030-02-20' + floor(random() * 28000) * interval '15 min' AS s FROM generate_series(1, 600)) d;
SELECT count(arbiter_set_capacity('calendar.random', s, s + interval '30 hours', 1, force => true))
FROM generate_series(timestamptz '2030-04-05 11:00', '2030-11-10', '31 days') s;
SELECT arbiter_set_capacity('calendar.random', '2030-12-20', 'infinity', 20);
SELECT arbiter_reserve('calendar.random', '2030-12-22', 'infinity', 2) > 0;
SELECT count(*) > 0 FROM arbiter_conflicts('calendar.random');
INSERT INTO arbiter_resource (resource_id, name) VALUES (9392, 'calendar.unbuilt');
SET session_replication_role TO replica;
INSERT INTO arbiter_capacity (resource_id, during, amount)
SELECT 9392, c.during, c.amount FROM arbiter_capacity c WHERE c.resource_id = id_of('calendar.random');
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount, status, occupied)
SELECT - v.reservation_id, 9392, v.during, v.amount, v.status, v.occupied FROM arbiter_reservation v WHERE v.resource_id = id_of('calendar.random');
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount, status, expires_at) VALUES
	(-93920001, 9392, '[2030-05-01,2030-05-20)', 5, 'held', '2001-01-01'),
	(-93920002, 9392, '[2030-05-03,2030-05-04)', 5, 'held', '2999-01-01');
RESET session_replication_role;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9392;
CREATE FUNCTION calendar_differences(name text, start_time timestamptz, end_time timestamptz, grain interval)
RETURNS TABLE (buckets bigint, differences bigint)
LANGUAGE sql STABLE AS $$
	SELECT count(*), count(*) FILTER (WHERE to_jsonb(a) - 'resource' IS DISTINCT FROM to_jsonb(n) - 'resource_name' OR a.resource <> n.resource_name)
	FROM arbiter_calendar(name, start_time, end_time, grain) a
	FULL JOIN naive_calendar(name, start_time, end_time, grain) n ON n.bucket_start = a.bucket_start
$$;
SELECT name, grain, d.*
FROM unnest('{calendar.random,calendar.unbuilt}'::text[]) name,
	unnest('{1 hour,1 day,1 week,1 month,45 min,"1 year","1 day 03:07:00"}'::interval[]) WITH ORDINALITY g (grain, n)
CROSS JOIN LATERAL calendar_differences(name, '2030-02-25 07:13', timestamptz '2030-02-25 07:13' + least(grain * 240, '1 year'), grain) d
ORDER BY name, n;
SET timezone TO 'Europe/London';
SELECT grain, d.* FROM unnest('{1 hour,1 day,1 week,1 month}'::interval[]) grain
CROSS JOIN LATERAL calendar_differences('calendar.random', '2030-03-28', timestamptz '2030-03-28' + least(grain * 100, '1 year'), grain) d;
SET timezone TO 'America/New_York';
SELECT grain, d.* FROM unnest('{1 hour,1 day,1 week,1 month}'::interval[]) grain
CROSS JOIN LATERAL calendar_differences('calendar.random', '2030-10-31 02:30', timestamptz '2030-10-31 02:30' + least(grain * 100, '1 year'), grain) d;
SET timezone TO 'Australia/Lord_Howe';
SELECT grain, d.* FROM unnest('{1 hour,1 day,1 week,1 month}'::interval[]) grain
CROSS JOIN LATERAL calendar_differences('calendar.random', '2030-10-04 02:15', timestamptz '2030-10-04 02:15' + least(grain * 100, '1 year'), grain) d;
SET timezone TO 'UTC';
-- what is uncommitted is seen by who did it, and only then
BEGIN;
SELECT arbiter_reserve('calendar', '2020-01-20', '2020-01-21', 9) > 0;
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-20', '2020-01-22', '1 day');
ROLLBACK;
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-20', '2020-01-22', '1 day');
-- the float is not taken off
SELECT arbiter_alter_resource('calendar', float_percent => 50);
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-20', '2020-01-21', '1 day');

-- refusals
SELECT outcome($$ SELECT * FROM arbiter_calendar(NULL, '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', NULL, '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', NULL, '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', NULL) $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day', NULL) $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('no such resource', '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-02', '2020-01-01', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-01', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '-infinity', '2020-01-01', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', 'infinity', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '0') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '-1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day -24 hours') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-12-02', '1 month -29 days -23 hours') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '2147483647 months -2147483647 days') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day', 'Mars/Olympus_Mons') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 hour', '') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 microsecond') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '4000-01-01 BC', '294276-01-01', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-01 00:00:01.000001', '1 microsecond') $$);
SELECT count(*), min(bucket_start), max(bucket_end) FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-01 00:00:01', '1 microsecond');
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', 'tomorrow') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all('{calendar,NULL}', '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all('{calendar,no such resource}', '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all('{}', '2020-01-01', '2020-01-02', '0') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all(NULL, NULL, '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all(NULL, '2020-01-01', 'infinity', '1 day') $$);

-- EXECUTE is all it takes
CREATE ROLE regress_arbiter_calendar;
SET ROLE regress_arbiter_calendar;
SELECT outcome($$ SELECT * FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_calendar_all(NULL, '2020-01-01', '2020-01-02', '1 day') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_calendar(text, timestamptz, timestamptz, interval, text), arbiter_calendar_all(text[], timestamptz, timestamptz, interval, text) TO regress_arbiter_calendar;
SET ROLE regress_arbiter_calendar;
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day');
SELECT available_min FROM arbiter_calendar_all(NULL, '2020-01-01', '2020-01-02', '1 day') WHERE resource = 'calendar';
RESET ROLE;
DROP OWNED BY regress_arbiter_calendar;
DROP ROLE regress_arbiter_calendar;

-- nothing is written, on standbys too; workers read as well
SELECT p.proname, p.provolatile, p.proparallel FROM pg_proc p WHERE p.proname LIKE 'arbiter_calendar%' ORDER BY 1;
BEGIN READ ONLY;
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day');
SELECT count(*) FROM arbiter_calendar('calendar.unbuilt', '2030-01-01', '2030-02-01', '1 day');
COMMIT;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9392;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT available_min FROM arbiter_calendar('calendar', '2020-01-01', '2020-01-02', '1 day');
SELECT available_min FROM arbiter_calendar_all('{calendar.fine}', '2030-01-01', '2030-01-04', '1 day');
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
-- more rows than work_mem holds
SET work_mem TO '64kB';
SELECT count(*), sum(available_min) FROM arbiter_calendar('calendar.zone', '2030-01-01', '2030-01-08', '10 seconds');
RESET work_mem;
SELECT count(arbiter_drop_resource(name, force => true)) FROM arbiter_resource WHERE name LIKE 'calendar%';
