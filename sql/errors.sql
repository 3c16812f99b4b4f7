-- Every argument error: its SQLSTATE, DETAIL and HINT, and nothing changed.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('errors') > 0;
SELECT arbiter_load_schedule('errors',
	'{{1707165008,1708374608,64},{1708374608,1710793808,96},{1710793808,1711398608,32},{1711398608,1713213008,128}}');
SELECT count(*) AS capacity_rows FROM arbiter_capacity \gset
SELECT count(*) AS reservation_rows FROM arbiter_reservation \gset
SELECT count(*) AS denial_rows FROM arbiter_denial \gset
SELECT md5(string_agg(t::text, ' ' ORDER BY t.resource_id, t.ends)) AS timeline_before FROM arbiter_timeline t \gset

--
-- RV004: what is not an epoch in seconds; the hint names the likely unit
--
-- milliseconds, microseconds, nanoseconds
SELECT outcome($$ SELECT arbiter_reserve(1707165008000, 1708374608000, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008000000, 1708374608000000, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008000000000, 1708374608000000000, 64, resource => 'errors') $$);
-- one of the two
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608000, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008000, 1708374608, 64, resource => 'errors') $$);
-- negative, zero, small, large
SELECT outcome($$ SELECT arbiter_reserve(-1707165008, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(-1, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(0, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1, 2, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(20240205, 20240219, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 9223372036854775807, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve((-9223372036854775807 - 1)::bigint, 9223372036854775807, 64, resource => 'errors') $$);
-- the first and the last that pass, and their neighbours
SELECT outcome($$ SELECT arbiter_reserve(99999999, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(100000000, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 99999999999, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 100000000000, 64, resource => 'errors') $$);
-- readers are as strict
SELECT outcome($$ SELECT arbiter_available('errors', 1707165008000, 1708374608000) $$);
SELECT outcome($$ SELECT arbiter_available('errors', -5, 1708374608) $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008000, 1708374608000, 64, resource => 'errors') $$);

--
-- RV003: end not after start
--
SELECT outcome($$ SELECT arbiter_reserve(1708374608, 1707165008, 65, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1708374608, 1708374608, 65, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-19', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', timestamptz '2024-02-20', timestamptz '2024-02-20', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '-infinity', 1) $$);
-- the earliest permitted start is the clock, and that is past this end
SELECT outcome($$ SELECT arbiter_reserve('errors', NULL, '2024-02-20', 1) $$, mask => true);
SELECT outcome($$ SELECT arbiter_try_reserve('errors', '2024-02-20', '2024-02-19', 1) $$);
SELECT outcome($$ SELECT arbiter_available('errors', '2024-02-20', '2024-02-19') $$);
SELECT outcome($$ SELECT arbiter_available('errors', '2024-02-20', '2024-02-20') $$);
SELECT outcome($$ SELECT * FROM arbiter_timeline('errors', '2024-02-20', '2024-02-19') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"errors": 1}', '2024-02-20', '2024-02-19') $$);

-- an infinite start
SELECT outcome($$ SELECT arbiter_reserve('errors', '-infinity', '2024-02-20', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', timestamptz '-infinity', timestamptz 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', 'infinity', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('errors', '-infinity', '2024-02-20', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"errors": 1}', '-infinity', '2024-02-20') $$);

--
-- RV005: zero or negative
--
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 0, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, -1, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-21', -9223372036854775807 - 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('errors', '2024-02-20', '2024-02-21', 0) $$);

-- more than a bigint, and as much as one
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 9223372036854775808, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, '9223372036854775808', resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 9223372036854775807, resource => 'errors') $$);

--
-- NULL where a value is needed
--
SELECT outcome($$ SELECT arbiter_reserve(1707165008, NULL, 1, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, NULL, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 1, NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 1, resource => NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve(NULL::text, '2024-02-20', '2024-02-21', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', timestamptz '2024-02-20', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', NULL, NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-21', NULL::bigint) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-21', amount => NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-21', 1, NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve(resource => NULL, start_time => NULL, end_time => NULL, amount => NULL, user_id => NULL) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('errors', '2024-02-20', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008, 1708374608, NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_all(NULL, '2024-02-20', '2024-02-21') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"errors": 1}', '2024-02-20', NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"errors": 1}', '2024-02-20', '2024-02-21', NULL) $$);
SELECT outcome($$ SELECT arbiter_available('errors', '2024-02-20', NULL) $$);
SELECT outcome($$ SELECT arbiter_available(NULL, '2024-02-20', '2024-02-21') $$);
SELECT outcome($$ SELECT arbiter_timeline(NULL) $$);
SELECT outcome($$ SELECT arbiter_timeline('errors', NULL, 'infinity') $$);
SELECT outcome($$ SELECT arbiter_timeline('errors', '2024-02-20', NULL) $$);
SELECT outcome($$ SELECT arbiter_cancel(NULL) $$);
SELECT outcome($$ SELECT arbiter_rebuild(NULL) $$);

--
-- unknown resource
--
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 1, resource => 'error') $$);
SELECT outcome($$ SELECT arbiter_reserve('Errors', '2024-02-20', '2024-02-21', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('', '2024-02-20', '2024-02-21', 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('error', '2024-02-20', '2024-02-21', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"errors": 1, "no such": 1}', '2024-02-20', '2024-02-21') $$);
SELECT outcome($$ SELECT arbiter_available('error', '2024-02-20', '2024-02-21') $$);
SELECT outcome($$ SELECT * FROM arbiter_timeline('error') $$);
SELECT outcome($$ SELECT arbiter_rebuild('error') $$);

--
-- strings where times and integers belong
--
SELECT outcome($$ SELECT arbiter_reserve('abc', 'def', 'ghi') $$);
SELECT outcome($$ SELECT arbiter_reserve('soon', 1708374608, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', 'soon', 'later', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '', 1) $$);
SELECT o FROM outcome($$ SELECT arbiter_reserve('errors', '2024-13-45', '2025-01-01', 1) $$) o LIMIT 1;
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '300000-01-01', 1) $$);
-- an epoch as text: the second would be the 8th of December 170716
SELECT outcome($$ SELECT arbiter_reserve('errors', '1707165008', '1708374608', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '1707161208', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', ' 1707161208 ', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_available('errors', '2024-02-20', '170716120') $$);
SELECT outcome($$ SELECT arbiter_reserve_many('[{"resource": "errors", "start_time": "1707161208", "end_time": "infinity", "amount": 1}]') $$);
SELECT arbiter_available('errors', '20240220', '20240221') = arbiter_available('errors', '2024-02-20', '2024-02-21');
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-20', '2024-02-21', amount => 'many') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 'many') $$);
SELECT outcome($$ SELECT arbiter_available('errors', 'soon', 'later') $$);
SELECT outcome($$ SELECT arbiter_try_reserve('errors', 'soon', 'later', 1) $$);

--
-- RV001 and RV002 with their numbers
--
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 65, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1708374650, 1711398566, 33, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 129, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707164966, 1708374608, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve(1711398608, 1713213050, 64, resource => 'errors') $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-04-10', 'infinity', 64) $$);

--
-- the first that applies
--
-- RV004 before RV003, RV005 and an unknown resource
SELECT outcome($$ SELECT arbiter_reserve(1708374608000, 1707165008000, 0, resource => 'error') $$);
-- RV003 before RV005 and an unknown resource
SELECT outcome($$ SELECT arbiter_reserve(1708374608, 1707165008, 0, resource => 'error') $$);
-- RV005 before an unknown resource
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 0, resource => 'error') $$);
-- unknown resource before anything that depends on it
SELECT outcome($$ SELECT arbiter_reserve(1607165008, 1608374608, 999, resource => 'error') $$);
BEGIN;
-- RV007 before RV006, RV006 before RV002, RV002 before RV001
SELECT arbiter_alter_resource('errors', granularity => '1 hour', min_lead => '0');
SELECT outcome($$ SELECT arbiter_reserve('errors', '2001-01-01 00:30', '2024-02-01', 999) $$, mask => true);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2001-01-01 00:00', '2024-02-01', 999) $$, mask => true);
SELECT arbiter_alter_resource('errors', clear => '{min_lead}');
SELECT outcome($$ SELECT arbiter_reserve('errors', '2001-01-01 00:00', '2024-02-01', 999) $$);
SELECT outcome($$ SELECT arbiter_reserve('errors', '2024-02-10 00:00', '2024-02-11', 999) $$);
ROLLBACK;

-- RV008
SELECT outcome($$ SELECT arbiter_cancel(0) $$);
SELECT outcome($$ SELECT arbiter_cancel(-1) $$);
SELECT outcome($$ SELECT arbiter_cancel(9223372036854775807) $$);

-- an error ends a transaction like any other, and psql shows it like any other
BEGIN;
SELECT arbiter_reserve(1707165008, 1708374608, 64, resource => 'errors') > 0;
SELECT arbiter_reserve(1707165008, 1708374608, 65, resource => 'errors');
\echo :SQLSTATE
SELECT 1;
\echo :SQLSTATE
ROLLBACK;

--
-- and nothing changed
--
SELECT count(*) = :capacity_rows FROM arbiter_capacity;
SELECT count(*) = :reservation_rows FROM arbiter_reservation;
SELECT count(*) = :denial_rows FROM arbiter_denial;
SELECT md5(string_agg(t::text, ' ' ORDER BY t.resource_id, t.ends)) = :'timeline_before' FROM arbiter_timeline t;
SELECT * FROM arbiter_check();
