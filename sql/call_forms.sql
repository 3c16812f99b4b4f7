-- What resolves: positional, named, NULL, now(), untyped literals, parameters.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('forms') > 0;
SELECT arbiter_set_capacity('forms', '2000-01-01', 'infinity', 1000000);
-- the same for 'default', which the epoch form books when nothing is named
SELECT arbiter_create_resource() > 0;
SELECT arbiter_set_capacity('default', '2000-01-01', 'infinity', 1000000);

--
-- epochs
--
BEGIN;
SELECT arbiter_reserve(1707165008, 1708374608, 1) > 0;
SELECT arbiter_reserve(1707165008, 1708374608, 2, '4242') > 0;
SELECT arbiter_reserve(1707165008, 1708374608, 3, '4242', 'forms') > 0;
SELECT arbiter_reserve(1707165008, 1708374608, 4, '4242', 'forms', 'forms 1') > 0;
SELECT arbiter_reserve(start_time => 1707165008, end_time => 1708374608, amount => 8, user_id => '4242') > 0;
SELECT arbiter_reserve(start_time => 1707165008, end_time => 1708374608, amount => 5, resource => 'forms') > 0;
SELECT arbiter_reserve(amount => 6, resource => 'forms', end_time => 1708374608, start_time => 1707165008, request_key => NULL) > 0;
SELECT arbiter_reserve('1707165008', '1708374608', '7') > 0;
SELECT arbiter_reserve(1707165008::int, 1708374608::bigint, 9::smallint) > 0;
SELECT arbiter_reserve(extract(epoch FROM timestamptz '2024-02-05')::bigint, 1708374608, 10) > 0;
SELECT arbiter_reserve(NULL, 99999999999, 11) > 0;
SELECT arbiter_reserve(start_time => NULL, end_time => 99999999999, amount => 12, resource => 'forms') > 0;
SELECT amount, user_id = 'self' AS own, during FROM booked('default')
WHERE amount NOT IN (11) ORDER BY amount;
SELECT amount, user_id = 'self' AS own, during FROM booked('forms')
WHERE amount NOT IN (12) ORDER BY amount;
-- a NULL start is the earliest permitted one: the clock
SELECT lower(during) BETWEEN now() AND clock_timestamp(), upper(during), amount
FROM arbiter_reservation WHERE resource_id IN (id_of('default'), id_of('forms')) AND amount IN (11, 12)
ORDER BY amount;
ROLLBACK;

--
-- timestamptz
--
BEGIN;
SELECT arbiter_reserve('forms', now(), now() + interval '1 hour', 1) > 0;
SELECT arbiter_reserve('forms', now(), 'infinity', 2) > 0;
SELECT arbiter_reserve('forms', current_date, current_date + 1, 3) > 0;
SELECT arbiter_reserve('forms', current_date, 'infinity', 4) > 0;
SELECT arbiter_reserve('forms', timestamp '2030-01-01', timestamptz '2030-01-02', 5) > 0;
SELECT arbiter_reserve('forms', to_timestamp(1893456000), date '2030-01-02', 6, 'someone') > 0;
SELECT arbiter_reserve('forms', NULL, timestamptz '2130-01-02', 7) > 0;
SELECT arbiter_reserve('forms', NULL, now() + interval '1 day', 8) > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => timestamptz '2030-01-01', end_time => timestamptz '2030-01-02', amount => 9) > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => NULL, end_time => timestamptz '2130-01-02', amount => 10) > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => now(), end_time => 'infinity', amount => 11) > 0;
SELECT arbiter_reserve(start_time => current_date, end_time => current_date + 1, amount => 12, user_id => 'x', resource => 'forms') > 0;
SELECT amount, user_id = 'self' AS own, upper(during) > lower(during) AS sound,
	CASE WHEN amount IN (5, 6, 9) THEN during END AS during
FROM booked('forms') ORDER BY amount;
SELECT amount, lower(during) BETWEEN now() AND clock_timestamp(), upper(during) = 'infinity'
FROM booked('forms') WHERE amount IN (1, 2, 7, 8, 10, 11) ORDER BY amount;
SELECT amount, lower(during) = current_date, upper(during) = current_date + 1
FROM booked('forms') WHERE amount IN (3, 4, 12) ORDER BY amount;
ROLLBACK;

--
-- text and untyped literals
--
BEGIN;
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', 1) > 0;
SELECT arbiter_reserve('forms', '2030-01-01 00:00+01', '2030-01-02 Europe/Berlin', 2) > 0;
SELECT arbiter_reserve('forms', '2030-01-01', 'infinity', 3) > 0;
SELECT arbiter_reserve('forms', 'now', 'tomorrow', 4) > 0;
SELECT arbiter_reserve('forms', NULL, '2130-01-01', 5) > 0;
SELECT arbiter_reserve('forms', NULL, 'infinity', 6) > 0;
SELECT arbiter_reserve('forms', '2030-01-01'::text, '2030-01-02'::varchar, 7) > 0;
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', bigint '8') > 0;
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', amount => '9') > 0;
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', bigint '10', 'someone', NULL) > 0;
SELECT amount, user_id = 'self' AS own, CASE WHEN amount NOT IN (4, 5, 6) THEN during END FROM booked('forms') ORDER BY amount;
ROLLBACK;
BEGIN;
SELECT arbiter_reserve(resource => 'forms', start_time => '2030-01-01', end_time => '2030-01-02', amount => 10) > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => NULL, end_time => '2130-01-01', amount => 11) > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => NULL, end_time => 'infinity', amount => 12, request_key => NULL) > 0;
SELECT arbiter_reserve('forms', start_time => '2030-01-01', end_time => '2030-01-02', amount => 13, user_id => '4242') > 0;
SELECT arbiter_reserve(resource => 'forms', start_time => '2030-01-01', end_time => timestamptz '2030-01-02', amount => 14) > 0;
-- in the session's time zone, like any literal
SET LOCAL timezone TO 'America/New_York';
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', 15) > 0;
SET LOCAL timezone TO 'UTC';
SET LOCAL datestyle TO 'SQL, DMY';
SELECT arbiter_reserve('forms', '01/02/2030', '02/02/2030', 16) > 0;
SET LOCAL datestyle TO 'ISO, YMD';
SELECT amount, user_id = 'self' AS own, during FROM booked('forms')
WHERE amount NOT IN (11, 12) ORDER BY amount;
SELECT amount, lower(during) BETWEEN now() AND clock_timestamp(), upper(during) = 'infinity'
FROM booked('forms') WHERE amount IN (11, 12) ORDER BY amount;
ROLLBACK;

--
-- parameters, typed and untyped
--
BEGIN;
PREPARE epoch_typed(bigint, bigint, bigint) AS SELECT arbiter_reserve($1, $2, $3) > 0;
EXECUTE epoch_typed(1707165008, 1708374608, 1);
EXECUTE epoch_typed(NULL, 99999999999, 2);
PREPARE epoch_int(int, int, int, text, text) AS SELECT arbiter_reserve($1, $2, $3, $4, $5) > 0;
EXECUTE epoch_int(1707165008, 1708374608, 3, 'me', 'default');
PREPARE epoch_untyped AS SELECT arbiter_reserve($1, $2, $3) > 0;
EXECUTE epoch_untyped(1707165008, 1708374608, 4);
PREPARE stamp_typed(text, timestamptz, timestamptz, bigint) AS SELECT arbiter_reserve($1, $2, $3, $4) > 0;
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE stamp_typed('forms', NULL, 'infinity', 6);
PREPARE stamp_named(text, timestamptz, timestamptz, bigint) AS
	SELECT arbiter_reserve(resource => $1, start_time => $2, end_time => $3, amount => $4) > 0;
EXECUTE stamp_named('forms', '2030-01-01', '2030-01-02', 7);
PREPARE day_typed(date, date, int) AS SELECT arbiter_reserve('forms', $1, $2, $3) > 0;
EXECUTE day_typed('2030-01-01', '2030-01-02', 8);
PREPARE stamp_naive(timestamp, timestamp) AS SELECT arbiter_reserve('forms', $1, $2, 9) > 0;
EXECUTE stamp_naive('2030-01-01', '2030-01-02');
PREPARE text_typed(text, text, text, bigint) AS SELECT arbiter_reserve($1, $2, $3, $4) > 0;
EXECUTE text_typed('forms', '2030-01-01', '2030-01-02', 10);
PREPARE text_untyped AS SELECT arbiter_reserve('forms', $1, $2, $3::bigint) > 0;
EXECUTE text_untyped('2030-01-01', '2030-01-02', 11);
EXECUTE text_untyped(NULL, 'infinity', 12);
PREPARE text_named AS
	SELECT arbiter_reserve(resource => $1, start_time => $2, end_time => $3, amount => $4, user_id => $5) > 0;
EXECUTE text_named('forms', '2030-01-01', '2030-01-02', 13, '4242');
PREPARE most_untyped AS SELECT arbiter_reserve($1, $2, $3, $4::bigint, $5, $6) > 0;
EXECUTE most_untyped('forms', '2030-01-01', '2030-01-02', 14, '4242', NULL);
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name;
SELECT amount, during FROM booked('forms') WHERE amount NOT IN (6, 12) ORDER BY amount;
SELECT amount FROM booked('default') ORDER BY amount;
-- the sixth call may take a generic plan
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
SET LOCAL plan_cache_mode TO force_generic_plan;
EXECUTE stamp_typed('forms', '2030-01-01', '2030-01-02', 5);
EXECUTE text_named('forms', '2030-01-01', '2030-01-02', 13, '4242');
SELECT sum(amount) FROM booked('forms') WHERE amount IN (5, 13);
ROLLBACK;
DEALLOCATE ALL;

--
-- the same for the try form
--
BEGIN;
SELECT granted, reason FROM arbiter_try_reserve(1707165008, 1708374608, 1);
SELECT granted, reason FROM arbiter_try_reserve(start_time => 1707165008, end_time => 1708374608, amount => 8, user_id => '4242', resource => 'forms');
SELECT granted, reason FROM arbiter_try_reserve(NULL, 99999999999, 1);
SELECT granted, reason FROM arbiter_try_reserve('forms', '2030-01-01', '2030-01-02', 1);
SELECT granted, reason FROM arbiter_try_reserve('forms', NULL, 'infinity', 1);
SELECT granted, reason FROM arbiter_try_reserve('forms', now(), 'infinity', 1);
SELECT granted, reason FROM arbiter_try_reserve('forms', current_date, current_date + 1, 1);
SELECT granted, reason FROM arbiter_try_reserve(resource => 'forms', start_time => NULL, end_time => 'infinity', amount => 1, request_key => NULL);
SELECT granted, reason FROM arbiter_try_reserve(resource => 'forms', start_time => NULL, end_time => now() + interval '1 h', amount => 1);
-- as a value instead of a row, and once for each row of a table
SELECT (arbiter_try_reserve('forms', '2030-01-01', '2030-01-02', 1)).granted;
SELECT n, t.granted
FROM generate_series(1, 3) n
CROSS JOIN LATERAL arbiter_try_reserve('forms', '2030-01-01', '2030-01-02', n * 400000) t ORDER BY n;
ROLLBACK;

--
-- and for arbiter_available
--
SELECT arbiter_available('forms', 1707165008, 1708374608);
SELECT arbiter_available('forms', '2030-01-01', '2030-01-02');
SELECT arbiter_available('forms', '2030-01-01', 'infinity');
SELECT arbiter_available('forms', now(), 'infinity');
SELECT arbiter_available('forms', now(), now() + interval '1 hour');
SELECT arbiter_available('forms', current_date, current_date + 1);
SELECT arbiter_available(resource => 'forms', start_time => '2030-01-01', end_time => '2030-01-02');
SELECT arbiter_available(resource => 'forms', start_time => timestamptz '2030-01-01', end_time => '2030-01-02');
SELECT arbiter_available(resource => 'forms', start_time => 1707165008, end_time => 1708374608);
SELECT arbiter_available('forms', NULL, 'infinity');
\echo :SQLSTATE
PREPARE available_untyped AS SELECT arbiter_available($1, $2, $3);
EXECUTE available_untyped('forms', '2030-01-01', '2030-01-02');
PREPARE available_typed(text, timestamptz, timestamptz) AS SELECT arbiter_available($1, $2, $3);
EXECUTE available_typed('forms', '2030-01-01', '2030-01-02');
PREPARE available_epoch(text, bigint, bigint) AS SELECT arbiter_available($1, $2, $3);
EXECUTE available_epoch('forms', 1707165008, 1708374608);
DEALLOCATE ALL;

-- called from SQL and PL/pgSQL functions with variables of their own types
CREATE FUNCTION book(day date, hours int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	start timestamp := day;
	id bigint;
BEGIN
	id := arbiter_reserve('forms', start, start + make_interval(hours => hours), 1);
	PERFORM arbiter_cancel(id);
	RETURN id > 0;
END $$;
SELECT book('2030-01-01', 3);
DROP FUNCTION book(date, int);

-- what does not resolve says so before anything happens
SELECT arbiter_reserve(1707165008.5, 1708374608.5, 1);
\echo :SQLSTATE
SELECT arbiter_reserve('forms', 1707165008, 1708374608, 1);
\echo :SQLSTATE
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', 1.5);
\echo :SQLSTATE
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', 9223372036854775808);
\echo :SQLSTATE
-- without any type it could be the epochs as well: name or cast the amount
SELECT arbiter_reserve('forms', '2030-01-01', '2030-01-02', '8');
\echo :SQLSTATE
PREPARE all_untyped AS SELECT arbiter_reserve($1, $2, $3, $4);
\echo :SQLSTATE

SELECT count(*) FROM arbiter_reservation WHERE resource_id = id_of('forms') AND status <> 'cancelled';
SELECT * FROM arbiter_check('forms');
SELECT arbiter_drop_resource('default');
