-- Options of a resource: lead time, granularity, unit.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('options') > 0;
SELECT arbiter_set_capacity('options', '1990-01-01', 'infinity', 100);

--
-- min_lead
--
-- unset: any start, history included
SELECT arbiter_reserve('options', '1995-01-01', '1995-01-02', 1) > 0;
-- zero: not in the past
SELECT arbiter_alter_resource('options', min_lead => '0');
SELECT outcome($$ SELECT arbiter_reserve('options', '1995-01-01', '1995-01-02', 1) $$, mask => true);
SELECT outcome($$ SELECT arbiter_reserve('options', now() - interval '1 h', now() + interval '1 h', 1) $$, mask => true);
SELECT arbiter_reserve('options', clock_timestamp() + interval '5 min', clock_timestamp() + interval '1 h', 1) > 0;
-- the start of this very transaction is past already
SELECT outcome($$ SELECT arbiter_reserve('options', now() - interval '1 us', now() + interval '1 h', 1) $$, mask => true);
-- the spin-up lead
SELECT arbiter_alter_resource('options', min_lead => '30 min');
SELECT outcome($$ SELECT arbiter_reserve('options', clock_timestamp() + interval '29 min', clock_timestamp() + interval '1 h', 1) $$, mask => true);
SELECT arbiter_reserve('options', clock_timestamp() + interval '31 min', clock_timestamp() + interval '1 h', 1) > 0;
-- a NULL start is the earliest permitted one
BEGIN;
SELECT arbiter_reserve('options', NULL, 'infinity', 1) AS id \gset
SELECT lower(during) BETWEEN now() + interval '30 min' AND clock_timestamp() + interval '30 min'
FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
-- ... which may be after the end
SELECT outcome($$ SELECT arbiter_reserve('options', NULL, clock_timestamp() + interval '10 min', 1) $$, mask => true);
-- as a row: the earliest start is one that is permitted
SELECT granted, reason, earliest_start BETWEEN now() + interval '30 min' AND clock_timestamp() + interval '31 min'
FROM arbiter_try_reserve('options', '1995-01-01', '1995-01-02', 1);
-- a policy of the functions alone: raw rows may import history
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('options'), '[1996-01-01,1996-01-02)', 1);
-- cancelling what has begun is possible
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation
WHERE resource_id = id_of('options') AND during @> timestamptz '1995-01-01';
-- a month is a month
SELECT arbiter_alter_resource('options', min_lead => '1 month');
SELECT granted, reason FROM arbiter_try_reserve('options', now() + interval '27 days', 'infinity', 1);
SELECT granted, reason FROM arbiter_try_reserve('options', now() + interval '32 days', 'infinity', 1);
SELECT arbiter_alter_resource('options', clear => '{min_lead}');
SELECT arbiter_reserve('options', '1995-01-01', '1995-01-02', 1) > 0;

--
-- granularity
--
SELECT arbiter_create_resource('options.grid', granularity => '15 min') > 0;
SELECT arbiter_set_capacity('options.grid', '1950-01-01', 'infinity', 100);
SELECT arbiter_reserve('options.grid', '2030-01-01 10:15', '2030-01-01 10:45', 1) > 0;
SELECT arbiter_reserve('options.grid', '1960-01-01 10:15', '1960-01-01 10:45', 1) > 0;
SELECT arbiter_reserve('options.grid', '2030-01-01 10:15', 'infinity', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:16', '2030-01-01 10:45', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:15', '2030-01-01 10:44', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:15:00.000001', '2030-01-01 10:44', 1) $$);
-- within one step of it: what is named leaves a range
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:15', '2030-01-01 10:20', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:20', '2030-01-01 10:30', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:16', '2030-01-01 10:20', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '1960-01-01 10:16', '1960-01-01 10:45', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-01-01 10:15', 'infinity', 1) $$);
-- a NULL start is rounded up to it
BEGIN;
SELECT arbiter_reserve('options.grid', NULL, 'infinity', 1) AS id \gset
SELECT extract(epoch FROM lower(during))::bigint % 900, lower(during) >= now(), lower(during) < now() + interval '16 min'
FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
-- raw rows are held to it
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('options.grid'), '[2030-02-01 10:16,2030-02-01 10:30)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('options.grid'), '[2030-02-01 10:15,2030-02-01 10:30]', 1) $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during), upper(during) - interval '1 s')
	WHERE resource_id = id_of('options.grid') AND during @> timestamptz '1960-01-01 10:30' $$);
-- the grid starts at 1970-01-01 00:00 UTC, whatever the session's time zone
SELECT arbiter_alter_resource('options.grid', granularity => '1 day');
SET timezone TO 'Asia/Kolkata';
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-03-01', '2030-03-02', 1) $$);
SET timezone TO 'UTC';
SELECT arbiter_reserve('options.grid', '2030-03-01', '2030-03-02', 1) > 0;
SELECT arbiter_alter_resource('options.grid', granularity => '7 hours');
SELECT arbiter_reserve('options.grid', timestamptz 'epoch' + 70000 * interval '7 hours', timestamptz 'epoch' + 70001 * interval '7 hours', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('options.grid', '2030-03-01', '2030-03-02', 1) $$);

-- a change applies to new and moved rows only
SELECT arbiter_alter_resource('options.grid', granularity => '1 day');
SELECT count(*) FROM arbiter_reservation
WHERE resource_id = id_of('options.grid') AND extract(epoch FROM lower(during))::bigint % 86400 <> 0;
-- the amount of an old row may change, its place may not
UPDATE arbiter_reservation SET amount = amount + 1
WHERE resource_id = id_of('options.grid') AND lower(during) = '2030-01-01 10:15' AND upper(during) < 'infinity';
SELECT outcome($$ UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '15 min', upper(during) + interval '15 min')
	WHERE resource_id = id_of('options.grid') AND lower(during) = '2030-01-01 10:15' AND upper(during) < 'infinity' $$);
-- unless it is moved onto the grid
UPDATE arbiter_reservation SET during = '[2030-01-01,2030-01-02)'
WHERE resource_id = id_of('options.grid') AND lower(during) = '2030-01-01 10:15' AND upper(during) < 'infinity';
-- cancelled and taken again where it is
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation
WHERE resource_id = id_of('options.grid') AND lower(during) = '1960-01-01 10:15';
-- another resource is a move
SELECT o FROM outcome($$ UPDATE arbiter_reservation SET resource_id = id_of('options.grid')
	WHERE resource_id = id_of('options') AND lower(during) > now() + interval '10 min' AND amount = 1 AND lower(during) < now() + interval '1 h' $$) o LIMIT 2;
SELECT arbiter_alter_resource('options.grid', clear => '{granularity}');
SELECT arbiter_reserve('options.grid', '2030-01-01 10:15:00.000001', '2030-01-01 10:15:00.000002', 1) > 0;

--
-- lead and granularity together: the earliest start is on the grid, after the lead
--
SELECT arbiter_create_resource('options.both', unit => 'seat', granularity => '1 h', min_lead => '2 h') > 0;
SELECT arbiter_set_capacity('options.both', '2000-01-01', 'infinity', 3);
BEGIN;
SELECT arbiter_reserve('options.both', NULL, 'infinity', 1) AS id \gset
SELECT extract(epoch FROM lower(during))::bigint % 3600, lower(during) >= now() + interval '2 h', lower(during) < now() + interval '3 h 1 min'
FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
SELECT granted, reason, extract(epoch FROM earliest_start)::bigint % 3600, earliest_start >= now() + interval '2 h', earliest_start < now() + interval '3 h 1 min'
FROM arbiter_try_reserve('options.both', '2001-01-01', '2001-01-02', 1);
-- the unit is for people
SELECT outcome($$ SELECT arbiter_reserve('options.both', '2130-01-01', '2130-01-02', 4) $$);
SELECT * FROM arbiter_check();

-- resource_type, firm_horizon, overcommit_ratio: set, changed, cleared
CREATE FUNCTION ahead(name text) RETURNS TABLE (resource_type text, firm_horizon interval, overcommit_ratio numeric)
LANGUAGE sql AS $$ SELECT r.resource_type, r.firm_horizon, r.overcommit_ratio FROM arbiter_resource r WHERE r.name = ahead.name $$;
SELECT arbiter_create_resource('options.ahead', resource_type => 'cores', firm_horizon => '14 days 12 hours', overcommit_ratio => 1.2) > 0;
SELECT * FROM ahead('options.ahead');
SELECT arbiter_alter_resource('options.ahead', resource_type => 'memory');
SELECT arbiter_alter_resource('options.ahead', firm_horizon => '0');
SELECT * FROM ahead('options.ahead');
SELECT arbiter_alter_resource('options.ahead', overcommit_ratio => 1000, attributes => '{"floor": 1}');
SELECT * FROM ahead('options.ahead');
SELECT arbiter_alter_resource('options.ahead', clear => '{firm_horizon,overcommit_ratio}');
SELECT * FROM ahead('options.ahead');
SELECT arbiter_alter_resource('options.ahead', firm_horizon => '36600 days', overcommit_ratio => 1, clear => '{resource_type}');
SELECT * FROM ahead('options.ahead');
SELECT outcome(f) FROM unnest(ARRAY[
	$$ SELECT arbiter_create_resource('options.bad', resource_type => '') $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 day') $$,
	$$ SELECT arbiter_create_resource('options.bad', overcommit_ratio => 2) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 month', overcommit_ratio => 2) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '-1 day', overcommit_ratio => 2) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '36600 days 1 us', overcommit_ratio => 2) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 day', overcommit_ratio => 0.99) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 day', overcommit_ratio => 1000.01) $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 day', overcommit_ratio => 'NaN') $$,
	$$ SELECT arbiter_create_resource('options.bad', firm_horizon => '1 day', overcommit_ratio => 1.001) $$,
	$$ SELECT arbiter_alter_resource('options.ahead', clear => '{firm_horizon}') $$,
	$$ SELECT arbiter_alter_resource('options.ahead', clear => '{overcommit_ratio}') $$,
	$$ SELECT arbiter_alter_resource('options', overcommit_ratio => 2) $$,
	$$ SELECT arbiter_alter_resource('options', firm_horizon => '1 day') $$,
	$$ SELECT arbiter_alter_resource('options', clear => '{name}') $$,
	$$ UPDATE arbiter_resource SET resource_type = '' WHERE name = 'options' $$,
	$$ UPDATE arbiter_resource SET firm_horizon = '1 day' WHERE name = 'options' $$,
	$$ UPDATE arbiter_resource SET overcommit_ratio = 2 WHERE name = 'options' $$,
	$$ UPDATE arbiter_resource SET overcommit_ratio = 0.99, firm_horizon = '1 day' WHERE name = 'options' $$,
	$$ UPDATE arbiter_resource SET overcommit_ratio = 1, firm_horizon = '1 month' WHERE name = 'options' $$,
	$$ UPDATE arbiter_resource SET overcommit_ratio = 1, firm_horizon = '-1 day' WHERE name = 'options' $$]) f;
SELECT * FROM ahead('options.ahead');
-- raw changes of arbiter_resource
SELECT outcome($$ UPDATE arbiter_resource SET resource_id = resource_id + 1000000 WHERE name = 'options' $$);
SELECT outcome($$ DELETE FROM arbiter_resource WHERE name = 'options' $$);
SELECT outcome($$ UPDATE arbiter_resource SET granularity = '1 month' WHERE name = 'options' $$);
SELECT outcome($$ INSERT INTO arbiter_resource (name, min_lead) VALUES ('options.raw', '-1 h') $$);
SELECT outcome($$ INSERT INTO arbiter_resource (name) VALUES ('options') $$);
UPDATE arbiter_resource SET unit = 'chair', granularity = '1 h' WHERE name = 'options.both';
SELECT outcome($$ SELECT arbiter_reserve('options.both', '2130-01-01 00:30', '2130-01-02', 1) $$);
INSERT INTO arbiter_resource (name) VALUES ('options.raw');
SELECT arbiter_available('options.raw', '2030-01-01', '2030-01-02');
SELECT arbiter_set_capacity('options.raw', '2030-01-01', '2030-01-02', 1);
SELECT arbiter_available('options.raw', '2030-01-01', '2030-01-02');
UPDATE arbiter_resource SET name = 'options.renamed' WHERE name = 'options.raw';
SELECT arbiter_reserve('options.renamed', '2030-01-01', '2030-01-02', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('options.raw', '2030-01-01', '2030-01-02', 1) $$);
SELECT arbiter_drop_resource('options.renamed', true);
SELECT * FROM arbiter_check();
