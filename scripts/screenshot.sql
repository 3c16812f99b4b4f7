-- A made-up laboratory for the picture of the report: two weeks of March 2026.
-- Run by scripts/screenshot; the same rows each time.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
CREATE EXTENSION arbiter CASCADE;

-- More cards come on the 9th; an eighth of them is for those who only try.
SELECT arbiter_create_resource('gpu-a100', unit => 'card', float_percent => 12.5);
SELECT arbiter_set_capacity('gpu-a100', '2026-02-01', '2026-03-09', 64);
SELECT arbiter_set_capacity('gpu-a100', '2026-03-09', 'infinity', 96);
SELECT arbiter_create_resource('gpu-h100', unit => 'card');
SELECT arbiter_set_capacity('gpu-h100', '2026-02-01', 'infinity', 32);
SELECT arbiter_create_resource('microscope', setup_time => '1 hour', cleanup_time => '30 min');
SELECT arbiter_set_capacity('microscope', day + interval '7 hours', day + interval '21 hours', 1)
FROM generate_series(timestamptz '2026-03-02', '2026-03-13', '1 day') day
WHERE extract(isodow FROM day) < 6;

-- A visitor on the float, and a workshop that is not sure yet.
SELECT arbiter_reserve('gpu-a100', '2026-03-09 08:00', '2026-03-12 20:00', 8, 'visitor', tryout => true);
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status)
VALUES (arbiter_resource_id('gpu-a100'), '[2026-03-13 12:00, 2026-03-15 18:00)', 8, 'workshop', 'held');
-- What users ask for, spread by multiples of primes instead of at random, and
-- at the hours of work.
CREATE TEMPORARY TABLE ask AS
SELECT n, (n * 7919 + 104729) % 1009 AS a, (n * 6271 + 15485863) % 997 AS b, (n * 3571 + 32452843) % 991 AS c
FROM generate_series(1, 130) n;
CREATE TEMPORARY TABLE person AS
SELECT name, n FROM unnest(ARRAY['ada', 'bob', 'cleo', 'dmitri', 'emmy']) WITH ORDINALITY person (name, n);

SELECT count(*) FILTER (WHERE t.granted) AS granted, count(*) FILTER (WHERE NOT t.granted) AS refused
FROM ask
JOIN person ON person.n = 1 + a % 5
CROSS JOIN LATERAL (SELECT CASE WHEN ask.n % 5 < 2 THEN 'gpu-h100' ELSE 'gpu-a100' END,
	timestamptz '2026-03-02' + (b % 14) * interval '1 day' + (7 + c % 11) * interval '1 hour') w (resource, start)
CROSS JOIN LATERAL arbiter_try_reserve(w.resource, w.start, w.start + (4 + a % 40) * interval '1 hour',
	CASE w.resource WHEN 'gpu-h100' THEN 2 + 2 * (c % 6) ELSE 4 + 4 * (c % 6) END, person.name) t;

-- the microscope, by day
SELECT arbiter_reserve('microscope', day + interval '9 hours', day + interval '12 hours', 1, 'farid'),
	arbiter_reserve('microscope', day + interval '14 hours', day + interval '17 hours', 1, 'emmy')
FROM generate_series(timestamptz '2026-03-02', '2026-03-12', '2 days') day
WHERE extract(isodow FROM day) < 6;

-- water in the machine room
SELECT arbiter_set_capacity('gpu-h100', '2026-03-11', '2026-03-12 12:00', 12, force => true);
