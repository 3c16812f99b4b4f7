-- What a first session with arbiter looks like. Run by scripts/demo.
\set SHOW_CONTEXT never
\pset footer off
SET client_min_messages TO warning;
CREATE EXTENSION arbiter CASCADE;

\echo
\echo '--- A resource and its schedule: start, end and amount, in epoch seconds'
\set ECHO queries
SELECT arbiter_create_resource() AS resource_id;
SELECT arbiter_load_schedule('default', '{{1707165008,1708374608,64},
	{1708374608,1710793808,96}, {1710793808,1711398608,32}, {1711398608,1713213008,128}}');
SELECT sum(extract(epoch FROM upper(during) - lower(during)) * amount)::bigint AS unit_seconds
FROM arbiter_capacity;

\set ECHO none
\echo '--- Reserve: the answer is a reservation_id'
\set ECHO queries
SELECT arbiter_reserve(start_time => 1707165008, end_time => 1708374608, amount => 64,
	user_id => '4242');

\set ECHO none
\echo '--- The same again: refused, with the reason and what would work'
\set ECHO queries
SELECT arbiter_reserve(1707165008, 1708374608, 64);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE

\echo
\echo '--- 42 seconds before the schedule starts; an end before the start; milliseconds'
\set ECHO queries
SELECT arbiter_reserve(1707164966, 1708374608, 64);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE
\set ECHO queries
SELECT arbiter_reserve(1708374608, 1707165008, 65);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE
\set ECHO queries
SELECT arbiter_reserve(1707165008000, 1708374608000, 64);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE

\echo
\echo '--- The try form answers with a row instead, and logs the denial'
\set ECHO queries
\x on
SELECT * FROM arbiter_try_reserve(1708374650, 1711398566, 33, user_id => '7');
\x off
SELECT arbiter_reserve(1708374650, 1711398566, 32) AS granted_across_two_steps;
SELECT user_id, during, amount, reason, largest_amount FROM arbiter_denial;

\set ECHO none
\echo '--- The table is the constraint: a plain INSERT is held to capacity too'
\set ECHO queries
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT resource_id, '[2024-03-01, 2024-03-02)', 65 FROM arbiter_resource;
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT resource_id, '[2024-03-01, 2024-03-02)', 64 FROM arbiter_resource
RETURNING reservation_id, status;

\set ECHO none
\echo '--- The timeline: one row a step'
\set ECHO queries
SELECT * FROM arbiter_timeline('default');

\set ECHO none
\echo '--- Cancel: the whole range is free again, the row stays for history'
\set ECHO queries
SELECT arbiter_cancel(1);
SELECT * FROM arbiter_booking ORDER BY reservation_id;

\set ECHO none
\echo '--- A second resource, with a schedule of its own, and times as people write them'
\set ECHO queries
SELECT arbiter_create_resource('second', unit => 'seat') AS resource_id;
SELECT arbiter_load_schedule('second', '{{1707165008,1707769808,50}, {1707769808,1708979408,80},
	{1708979408,1709584208,40}, {1709584208,1712003408,100}, {1712003408,1712608208,20},
	{1712608208,1714422608,60}}');
SELECT arbiter_available('second', 1707165008, 1714422608) AS largest_over_the_whole_span;
SELECT arbiter_reserve('second', '2024-03-05 09:00', '2024-03-05 17:00', 100);
SELECT arbiter_reserve('second', '2024-03-05 16:00', '2024-03-05 18:00', 1);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE

\echo
\echo '--- A hold takes its capacity at once; unless it is confirmed it is free again by itself'
\set ECHO queries
SELECT arbiter_hold('second', '2024-04-20', '2024-04-21', 40, ttl => '1 s', user_id => '7');
SELECT arbiter_available('second', '2024-04-20', '2024-04-21') AS while_held;
\set ECHO none
SELECT pg_sleep(1) \g /dev/null
\set ECHO queries
SELECT arbiter_available('second', '2024-04-20', '2024-04-21') AS a_second_later;
SELECT arbiter_confirm(10);
\set ECHO none
\echo 'SQLSTATE' :LAST_ERROR_SQLSTATE

\echo
\echo '--- When could I have 80 for three days?  One row per window of starts'
\set ECHO queries
SELECT * FROM arbiter_find_slot('second', 80, '3 days', after => '2024-02-20', max_results => 3);

\set ECHO none
\echo '--- The checker recomputes everything naively: no row means that all is well'
\set ECHO queries
SELECT * FROM arbiter_check();
