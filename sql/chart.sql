-- arbiter_chart: a calendar to look at.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'

SELECT arbiter_create_resource('chart') > 0;
SELECT arbiter_set_capacity('chart', '2020-01-01', '2020-02-02', 10);
SELECT count(arbiter_reserve('chart', timestamptz '2020-01-01' + n * interval '1 day', timestamptz '2020-01-12' + n * interval '1 day', 1))
FROM generate_series(0, 5) n;
SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day', width => 40, ascii => true);
SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-02-02', '1 week', width => 10, ascii => true);
-- what is kept back is rounded up; what try-out users took of it is reserved
SELECT arbiter_alter_resource('chart', float_percent => 25);
SELECT arbiter_set_capacity('chart', '2020-01-20', '2020-01-21', 20);
SELECT arbiter_reserve('chart', '2020-01-20', '2020-01-21', 18, tryout => true) > 0;
SELECT * FROM arbiter_chart('chart', '2020-01-16', '2020-01-23', '1 day', width => 40, ascii => true);
SELECT count(*), bool_and(c.free + c.float_amount = a.available_min) AS "free and float are available"
FROM arbiter_chart('chart', '2020-01-16', '2020-01-23', '1 day', ascii => true) c
JOIN arbiter_calendar('chart', '2020-01-16', '2020-01-23', '1 day') a ON to_char(a.bucket_start, 'Dy YYYY-MM-DD') = c.bucket;
-- oversold, closed, not declared; the worst instant of a bucket in which capacity changes
SELECT arbiter_set_capacity('chart', '2020-01-08 08:00', '2020-01-08 12:00', 3, force => true);
SELECT arbiter_set_capacity('chart', '2020-01-10', '2020-01-11', 0, force => true);
SELECT arbiter_set_capacity('chart', '2020-01-30', '2020-02-01', 0);
SELECT * FROM arbiter_chart('chart', '2020-01-07', '2020-01-12', '1 day', width => 40, ascii => true);
SELECT * FROM arbiter_chart('chart', '2020-01-28', '2020-02-04', '1 day', width => 40, ascii => true);
SELECT * FROM arbiter_chart('chart', '2020-01-10', '2020-01-11', '12 hours', width => 10, ascii => true);
SELECT * FROM arbiter_chart('chart', '2020-03-10', '2020-03-11', '12 hours', width => 10, ascii => true);
-- capacity falls, but less is free before it does
SELECT arbiter_create_resource('chart.steps') > 0;
SELECT arbiter_set_capacity('chart.steps', '2030-01-01', '2030-01-01 12:00', 10);
SELECT arbiter_set_capacity('chart.steps', '2030-01-01 12:00', '2030-01-02', 5);
SELECT arbiter_reserve('chart.steps', '2030-01-01', '2030-01-01 12:00', 8) > 0;
SELECT * FROM arbiter_chart('chart.steps', '2030-01-01', '2030-01-02', '1 day', width => 20, ascii => true);
SELECT * FROM arbiter_chart('chart.steps', '2030-01-01', '2030-01-02', '6 hours', width => 20, ascii => true);
-- what is reserved or oversold shows, however little; very large amounts
SELECT arbiter_create_resource('chart.large', float_percent => 0.01) > 0;
SELECT arbiter_set_capacity('chart.large', '2030-01-01', '2030-01-03', 9223372036854775807);
SELECT arbiter_reserve('chart.large', '2030-01-01', '2030-01-02', 1) > 0;
SELECT arbiter_reserve('chart.large', '2030-01-02', '2030-01-03', 9000000000000000000) > 0;
SELECT arbiter_set_capacity('chart.large', '2030-01-02', '2030-01-02 12:00', 8999999999999999999, force => true);
SELECT * FROM arbiter_chart('chart.large', '2030-01-01', '2030-01-03', '12 hours', width => 20, ascii => true);
SELECT chart, free FROM arbiter_chart('chart.large', '2030-01-01', '2030-01-03', '12 hours', width => 1, ascii => true);
-- labels are as fine as the buckets, and in the time zone of the chart
SELECT bucket FROM arbiter_chart('chart', '2020-01-01', '2020-01-01 00:01', '30 seconds', ascii => true);
SELECT bucket FROM arbiter_chart('chart', '2020-01-01', '2020-01-01 00:00:00.00001', '5 microseconds', ascii => true);
SELECT bucket FROM arbiter_chart('chart', '2020-01-01', '2020-03-01', '1 month', ascii => true);
SELECT bucket FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '12 hours', 'Asia/Kolkata', ascii => true);
SELECT bucket FROM arbiter_chart('chart', '2030-10-27 00:00+01', '2030-10-27 02:30+00', '30 min', 'Europe/London', ascii => true);
-- the width
SELECT width, length(chart) FROM unnest('{NULL,-1,0,1,7,500,1000000}'::int[]) width
CROSS JOIN LATERAL arbiter_chart('chart', '2020-01-25', '2020-01-26', '1 day', width => width, ascii => true);
-- blocks where the encoding has them, by default too
SELECT getdatabaseencoding() = 'UTF8' AS utf8 \gset
\if :utf8
	SELECT bool_and(translate(a.chart, '#+.', U&'\2588\2592\2591') = b.chart AND b.chart = c.chart) AS equal
	FROM arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day', ascii => true) a
	JOIN arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day', ascii => false) b USING (bucket)
	JOIN arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day') c USING (bucket);
\else
	SELECT bool_and(a.chart = b.chart) AS equal
	FROM arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day', ascii => true) a
	JOIN arbiter_chart('chart', '2020-01-01', '2020-01-18', '1 day') b USING (bucket);
\endif

-- refusals are those of the calendar
\pset format unaligned
\pset tuples_only on
SELECT outcome($$ SELECT * FROM arbiter_chart(NULL, '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('no such resource', '2020-01-01', '2020-01-02', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', NULL, '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-02', '2020-01-01', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', 'infinity', '1 day') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '0') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', 'Mars/Olympus_Mons') $$);
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', NULL) $$);
-- the caller reads arbiter_resource and calls what the chart is made of
CREATE ROLE regress_arbiter_chart;
SET ROLE regress_arbiter_chart;
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', ascii => true) $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_chart(text, timestamptz, timestamptz, interval, text, integer, boolean), arbiter_timeline(text, timestamptz, timestamptz),
	arbiter_calendar(text, timestamptz, timestamptz, interval, text) TO regress_arbiter_chart;
SET ROLE regress_arbiter_chart;
SELECT outcome($$ SELECT * FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', ascii => true) $$);
RESET ROLE;
GRANT SELECT ON arbiter_resource TO regress_arbiter_chart;
SET ROLE regress_arbiter_chart;
SELECT free FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', ascii => true);
RESET ROLE;
DROP OWNED BY regress_arbiter_chart;
DROP ROLE regress_arbiter_chart;
BEGIN READ ONLY;
SELECT free FROM arbiter_chart('chart', '2020-01-01', '2020-01-02', '1 day', ascii => true);
COMMIT;
SELECT p.provolatile, p.proparallel FROM pg_proc p WHERE p.proname = 'arbiter_chart';
SELECT count(arbiter_drop_resource(name, force => true)) FROM arbiter_resource WHERE name LIKE 'chart%';
