-- Chunks: they split, merge, and leave no debris.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION chunk_rows(resource text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT count(*) FROM arbiter_timeline WHERE resource_id = id_of(resource) AND ends > '-infinity'
$$;
-- windows at random: arbiter_available against the naive sweep
CREATE FUNCTION window_differences(resource text, first timestamptz, days int, windows int)
RETURNS TABLE (start_time timestamptz, end_time timestamptz, available bigint, by_hand bigint)
LANGUAGE sql VOLATILE AS $$
	SELECT w.s, w.e, arbiter_available(resource, w.s, w.e), naive_available(resource, w.s, w.e)
	FROM (SELECT v.s, v.s + (1 + floor(random() * 72)) * interval '1 h' AS e
		FROM (SELECT first + floor(random() * days * 24 * 4) * interval '15 min' AS s
			FROM generate_series(1, windows)) v OFFSET 0) w
	WHERE arbiter_available(resource, w.s, w.e) IS DISTINCT FROM naive_available(resource, w.s, w.e)
$$;
SELECT setseed(0.25);

-- a quiet resource has few rows
SELECT arbiter_create_resource('chunks') > 0;
SELECT arbiter_set_capacity('chunks', '2030-01-01', '2031-01-01', 1000000);
SELECT chunk_rows('chunks') <= 14;

-- one call each, thousands of steps within one month
SELECT count(arbiter_reserve('chunks', s, s + (1 + floor(random() * 48)) * interval '15 min', 1 + floor(random() * 9)::bigint))
FROM (SELECT timestamptz '2030-03-01' + floor(random() * 2880) * interval '15 min' AS s FROM generate_series(1, 3000)) v;
SELECT chunk_rows('chunks') > 20;
SELECT max(cardinality(steps) / 2) <= current_setting('arbiter.chunk_steps')::int FROM arbiter_timeline WHERE resource_id = id_of('chunks');
SELECT * FROM arbiter_check('chunks');
SELECT * FROM timeline_differences('chunks', '2030-02-20', '2030-04-10');
SELECT * FROM window_differences('chunks', '2030-02-25', 40, 100);
-- a range across all of them
SELECT arbiter_reserve('chunks', '2030-01-01', '2031-01-01', 100, 'wide') > 0;
SELECT * FROM arbiter_check('chunks');
SELECT * FROM window_differences('chunks', '2030-02-25', 40, 50);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('chunks') AND user_id = 'wide';
SELECT * FROM arbiter_check('chunks');
-- cancelled in another order than booked
SELECT count(arbiter_cancel(reservation_id)) FROM (SELECT reservation_id FROM arbiter_reservation
	WHERE resource_id = id_of('chunks') AND status = 'confirmed' ORDER BY md5(reservation_id::text) LIMIT 1500) v;
SELECT * FROM arbiter_check('chunks');
SELECT * FROM window_differences('chunks', '2030-02-25', 40, 50);
SELECT count(arbiter_cancel(reservation_id)) FROM (SELECT reservation_id FROM arbiter_reservation
	WHERE resource_id = id_of('chunks') AND status = 'confirmed' ORDER BY md5(reservation_id::text)) v;
SELECT * FROM arbiter_check('chunks');
SELECT * FROM arbiter_timeline('chunks', '2030-01-01', '2031-01-01');
SELECT chunk_rows('chunks') <= 14;
SELECT arbiter_rebuild('chunks') <= 14;
SELECT * FROM arbiter_check('chunks');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('chunks');

-- the same in one statement
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
SELECT id_of('chunks'), tstzrange(s, s + (1 + floor(random() * 48)) * interval '15 min'), 1 + floor(random() * 9), 'bulk' || n
FROM (SELECT n, timestamptz '2030-03-01' + floor(random() * 20000) * interval '15 min' AS s FROM generate_series(1, 5000) n) v;
SELECT max(cardinality(steps) / 2) <= current_setting('arbiter.chunk_steps')::int FROM arbiter_timeline WHERE resource_id = id_of('chunks');
SELECT * FROM arbiter_check('chunks');
SELECT * FROM timeline_differences('chunks', '2030-02-20', '2030-11-10');
SELECT * FROM window_differences('chunks', '2030-02-25', 250, 50);
UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '7 min', upper(during) + interval '22 min'), amount = amount + 1
WHERE resource_id = id_of('chunks');
SELECT * FROM arbiter_check('chunks');
SELECT * FROM window_differences('chunks', '2030-02-25', 250, 50);
-- capacity over thousands of steps
SELECT arbiter_add_capacity('chunks', '2030-02-01', '2030-10-01', 500);
SELECT count(arbiter_set_capacity('chunks', timestamptz '2030-01-01' + n * interval '1 day', timestamptz '2030-01-02' + n * interval '1 day', 2000 + n))
FROM generate_series(0, 3) n;
SELECT arbiter_load_schedule('chunks', (SELECT array_agg(ARRAY[1893456000 + n * 86400, 1893456000 + (n + 1) * 86400, 2000 + n % 7]) FROM generate_series(0, 364) n));
SELECT * FROM arbiter_check('chunks');
SELECT * FROM timeline_differences('chunks', '2029-12-20', '2031-01-10');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('chunks');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('chunks') AND user_id LIKE 'bulk%0';
SELECT * FROM arbiter_check('chunks');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('chunks');
SELECT * FROM arbiter_check('chunks');
SELECT * FROM timeline_differences('chunks', '2029-12-20', '2031-01-10');
SELECT arbiter_set_capacity('chunks', '-infinity', 'infinity', NULL);
SELECT arbiter_set_capacity('chunks', '2030-01-01', '2031-01-01', 10);
SELECT chunk_rows('chunks') <= 14;
SELECT * FROM arbiter_check('chunks');

-- reserve and cancel, again and again, leaves what it found
SELECT arbiter_create_resource('chunks.churn') > 0;
SELECT arbiter_set_capacity('chunks.churn', '2030-01-01', 'infinity', 10);
DO $$
DECLARE
	ids bigint[];
	s timestamptz;
BEGIN
	FOR round IN 1 .. 20 LOOP
		ids := '{}';
		FOR n IN 1 .. 100 LOOP
			s := timestamptz '2030-01-01' + floor(random() * 365 * 24) * interval '1 h';
			ids := ids || (SELECT t.reservation_id FROM arbiter_try_reserve('chunks.churn', s, s + interval '3 h', 1) t);
		END LOOP;
		PERFORM arbiter_cancel(id) FROM unnest(ids) id WHERE id IS NOT NULL;
		COMMIT;
	END LOOP;
END
$$;
SELECT * FROM arbiter_timeline('chunks.churn', '2030-01-01', 'infinity');
SELECT chunk_rows('chunks.churn') <= 16;
SELECT * FROM arbiter_check('chunks.churn');

-- chunks of a few steps: every boundary case comes up
SET arbiter.chunk_steps TO 32;
SELECT arbiter_create_resource('chunks.small') > 0;
SELECT arbiter_set_capacity('chunks.small', '2030-01-01', '2030-05-01', 100);
SELECT count(arbiter_reserve('chunks.small', timestamptz '2030-01-10' + n * interval '2 h', timestamptz '2030-01-10' + (n * 2 + 1) * interval '1 h', 1 + n % 2))
FROM generate_series(1, 15) n;
SELECT count(arbiter_reserve('chunks.small', timestamptz '2030-01-10' + n * interval '2 h', timestamptz '2030-01-10' + (n * 2 + 1) * interval '1 h', 1 + n % 2))
FROM generate_series(16, 400) n;
SELECT max(cardinality(steps) / 2) <= 32 FROM arbiter_timeline WHERE resource_id = id_of('chunks.small');
SELECT * FROM arbiter_check('chunks.small');
-- a start, an end, or both on an edge of a chunk; all of a chunk; one chunk and a bit
CREATE FUNCTION edges() RETURNS TABLE (first timestamptz, last timestamptz) LANGUAGE sql STABLE AS $$
	SELECT greatest(lower(during), '2030-01-01'), upper(during)
	FROM arbiter_timeline WHERE resource_id = id_of('chunks.small') AND steps <> '{}'
$$;
SELECT count(arbiter_reserve('chunks.small', first, last, 2)) > 10 FROM edges();
SELECT * FROM arbiter_check('chunks.small');
SELECT count(arbiter_reserve('chunks.small', first, last - interval '1 us', 1)) > 10,
	count(arbiter_reserve('chunks.small', first + interval '1 us', last, 1)) > 10,
	count(arbiter_reserve('chunks.small', first + interval '1 us', last + interval '1 us', 1)) > 10,
	count(arbiter_reserve('chunks.small', last - interval '1 us', last + interval '1 us', 1)) > 10
FROM edges();
DROP FUNCTION edges();
SELECT * FROM arbiter_check('chunks.small');
SELECT * FROM timeline_differences('chunks.small', '2029-12-01', '2030-06-01');
SELECT o FROM outcome($$ SELECT arbiter_reserve('chunks.small', '2030-01-11', '2030-03-01', 99) $$) o LIMIT 1;
SELECT count(arbiter_cancel(reservation_id)) > 400 FROM arbiter_reservation WHERE resource_id = id_of('chunks.small') AND status = 'confirmed';
SELECT * FROM arbiter_timeline('chunks.small', '2030-01-01', '2030-05-01');
SELECT chunk_rows('chunks.small') <= 6;
-- another setting later: what is there stays readable
SELECT count(arbiter_reserve('chunks.small', timestamptz '2030-01-10' + n * interval '2 h', timestamptz '2030-01-10' + (n * 2 + 1) * interval '1 h', 1)) FROM generate_series(1, 300) n;
SET arbiter.chunk_steps TO 120;
SELECT count(arbiter_reserve('chunks.small', timestamptz '2030-01-10' + n * interval '2 h', timestamptz '2030-01-10' + (n * 2 + 3) * interval '1 h', 1)) FROM generate_series(1, 300) n;
SELECT * FROM arbiter_check('chunks.small');
SET arbiter.chunk_steps TO 64;
SELECT arbiter_rebuild('chunks.small') > 0;
SELECT * FROM arbiter_check('chunks.small');
RESET arbiter.chunk_steps;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('chunks.small');
SELECT * FROM arbiter_check('chunks.small');
SELECT * FROM arbiter_timeline('chunks.small', '2030-01-01', '2030-05-01');
DROP FUNCTION chunk_rows(text);
DROP FUNCTION window_differences(text, timestamptz, int, int);
