-- arbiter_purge: history goes, what takes capacity stays.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('purge') > 0;
SELECT arbiter_set_capacity('purge', '2030-01-01', '2030-03-01', 100);
-- dates of their own, before anything else in this database
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, created_at, expires_at)
SELECT id_of('purge'), '[2030-01-01,2030-01-02)', 1, 'user ' || n, (ARRAY['confirmed', 'held', 'cancelled', 'expired'])[1 + n % 4],
	timestamptz '1999-01-01' + n * interval '1 day', CASE n % 4 WHEN 1 THEN timestamptz '1999-06-01' WHEN 3 THEN '1999-06-01' END
FROM generate_series(1, 20) n;
INSERT INTO arbiter_denial (denied_at, resource_id, during, amount, user_id, reason, message)
SELECT timestamptz '1999-01-01' + n * interval '1 day', id_of('purge'), '[2030-01-01,2030-01-02)', 1, 'user ' || n, 'RV001', 'no'
FROM generate_series(1, 20) n;
CREATE FUNCTION left_over() RETURNS TABLE (status text, count bigint) LANGUAGE sql STABLE AS $$
	SELECT v.status, count(*) FROM arbiter_reservation v WHERE v.resource_id = id_of('purge') GROUP BY v.status
	UNION ALL SELECT 'denied', count(*) FROM arbiter_denial d WHERE d.resource_id = id_of('purge')
	ORDER BY 1
$$;
SELECT * FROM left_over();
SELECT arbiter_available('purge', '2030-01-01', '2030-01-02');
SELECT arbiter_purge('1999-01-01');
SELECT arbiter_purge('1999-01-06');
SELECT * FROM left_over();
-- at most so many of each kind
SELECT arbiter_purge('1999-02-01', 3);
SELECT * FROM left_over();
SELECT arbiter_purge(before => '1999-02-01', max_rows => 0);
SELECT arbiter_purge('1999-02-01', NULL);
SELECT * FROM left_over();
SELECT arbiter_purge('1999-02-01');
SELECT arbiter_available('purge', '2030-01-01', '2030-01-02');
SELECT arbiter_purge(NULL);
SELECT outcome($$ SELECT arbiter_purge('1999-02-01', -1) $$);
-- the oldest go first
INSERT INTO arbiter_denial (denied_at, resource_id, during, amount, user_id, reason, message)
SELECT timestamptz '1999-01-01' + (n * 7 % 10) * interval '1 day', id_of('purge'), '[2030-01-01,2030-01-02)', 1, 'user ' || (n * 7 % 10), 'RV001', 'no'
FROM generate_series(0, 9) n;
SELECT arbiter_purge('1999-02-01', 4);
SELECT user_id FROM arbiter_denial WHERE resource_id = id_of('purge') ORDER BY user_id;
SELECT arbiter_purge('1999-02-01');
-- a booking of several parts goes as one
SELECT arbiter_create_resource('purge.two') > 0;
SELECT arbiter_set_capacity('purge.two', '2030-01-01', '2030-03-01', 100);
SELECT arbiter_reserve_all('{"purge": 1, "purge.two": 1}', '2030-01-05', '2030-01-06', 'pair') AS id \gset
SELECT arbiter_cancel(:id);
UPDATE arbiter_reservation SET created_at = '1999-01-01' WHERE reservation_id = :id;
SELECT arbiter_purge('1999-02-01');
SELECT count(*) FROM arbiter_reservation WHERE reservation_id = :id;
-- a series goes with the last of its occurrences, and its key is free
CREATE FUNCTION book() RETURNS TABLE (series_id bigint, occurrence integer, start_time timestamptz, granted boolean) LANGUAGE sql AS $$
	SELECT s.series_id, s.occurrence, s.start_time, s.granted
	FROM arbiter_reserve_series('purge', 1, '1 day', 'FREQ=DAILY;COUNT=3', '2030-02-01', user_id => 'sue', request_key => 'k') s
$$;
SELECT DISTINCT series_id AS sue FROM book() \gset
UPDATE arbiter_series SET created_at = '1999-01-01' WHERE series_id = :sue;
SELECT count(*) FROM arbiter_cancel_series(:sue, 2);
UPDATE arbiter_reservation SET created_at = '1999-01-01' WHERE series_id = :sue;
SELECT arbiter_purge('1999-02-01', 1);
SELECT arbiter_purge('1999-02-01');
SELECT series_id = :sue, occurrence, start_time, granted FROM book();
SELECT count(*) FROM arbiter_cancel_series(:sue);
SELECT series_id = :sue, occurrence, start_time, granted FROM book();
SELECT arbiter_purge('1999-02-01');
SELECT count(*) FROM arbiter_series WHERE series_id = :sue;
SELECT DISTINCT series_id AS again, series_id = :sue AS same, count(*) FROM book() GROUP BY series_id \gset
SELECT :'same', :'count';
-- one whose rows were deleted by hand: the key is free, the purge takes the rest
DELETE FROM arbiter_reservation WHERE series_id = :again;
SELECT outcome($$ SELECT arbiter_reserve_series('purge', 1000, '1 day', 'FREQ=DAILY;COUNT=3', '2030-02-01', user_id => 'sue', request_key => 'k') $$);
SELECT count(*) FROM arbiter_series WHERE series_id = :again;
SELECT DISTINCT series_id AS third, series_id = :again AS same, count(*) FROM book() GROUP BY series_id \gset
SELECT :'same', :'count';
SELECT count(*) FROM arbiter_series WHERE user_id = 'sue';
SELECT count(*) FROM arbiter_cancel_series(:third);
UPDATE arbiter_series SET created_at = '1999-01-01' WHERE series_id = :third;
UPDATE arbiter_reservation SET created_at = '1999-01-01' WHERE series_id = :third;
SELECT arbiter_purge('1999-02-01', 2);
SELECT count(*) FROM arbiter_series WHERE user_id = 'sue';
DELETE FROM arbiter_reservation WHERE series_id = :third;
SELECT arbiter_reserve('purge', '2030-02-01', '2030-02-02', 1, 'sue', 'k') > 0;
UPDATE arbiter_series SET created_at = '1999-01-01' WHERE series_id = :third;
SELECT arbiter_purge('1999-02-01');
SELECT count(*) FROM arbiter_series WHERE user_id = 'sue';
DROP FUNCTION book();
-- everything
SELECT arbiter_purge('infinity', 1000000) >= 0;
SELECT count(*) FROM arbiter_denial;
SELECT count(*) FROM arbiter_reservation WHERE status IN ('cancelled', 'expired');
SELECT * FROM left_over();
SELECT arbiter_available('purge', '2030-01-01', '2030-01-02');
SELECT * FROM arbiter_check();
DROP FUNCTION left_over();
