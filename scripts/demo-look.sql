-- What people look at, after the replay of the trace.  Run by scripts/demo with
-- the variables report (a file) and ascii (draw without blocks).
\set SHOW_CONTEXT never
\pset footer off
SET client_min_messages TO warning;
ANALYZE;

\echo
\echo '--- The gpus as a chart, each day at its worst instant, from the busiest on'
SELECT date_trunc('day', lower(t.during)) AS busiest
FROM arbiter_timeline('gpu') t
WHERE NOT lower_inf(t.during)
ORDER BY t.reserved DESC, t.during LIMIT 1 \gset
SELECT * FROM arbiter_chart('gpu', :'busiest', timestamptz :'busiest' + interval '7 days', '1 day',
	width => 48, ascii => :'ascii');

\echo '--- What to build next: the hours of the week (day 1 is Monday) that lacked most'
SELECT resource, day_of_week, hour_of_day, requests, refused_hours, largest_shortfall
FROM arbiter_refused_demand ORDER BY refused_hours DESC, resource LIMIT 4;

\pset format unaligned
\pset tuples_only on
\o :report
SELECT arbiter_report(:'busiest', timestamptz :'busiest' + interval '14 days', '{cpu,memory,gpu}');
\o
