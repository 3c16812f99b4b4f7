-- Where a session looks for chunks.  How often it asked the index is counted by
-- the server; a session that knows where they are need not.
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT arbiter_create_resource('place') > 0 AS created;
SELECT arbiter_set_capacity('place', '2024-01-01', '2026-01-01', 10);
-- a chunk a month, but for the summer of the first year
SELECT count(arbiter_reserve('place', day, day + interval '1 day', 1))
FROM generate_series(timestamptz '2024-01-15', '2025-12-15', '1 month') day
WHERE day NOT BETWEEN '2024-06-01' AND '2024-09-01';

\set looks 'SELECT pg_stat_get_xact_numscans(''arbiter_timeline_pkey''::regclass) AS looks'
\c -
SET timezone = 'UTC';
BEGIN;
-- the first time, one
SELECT arbiter_available('place', '2025-05-15', '2025-05-16');
:looks;
-- the second one notes where those are that follow, and those before
SELECT arbiter_available('place', '2025-03-15', '2025-03-16');
:looks;
SELECT min(arbiter_available('place', day, day + interval '1 day'))
FROM generate_series(timestamptz '2025-03-15', '2025-12-15', '1 month') day;
:looks;
SELECT min(arbiter_available('place', day, day + interval '1 day'))
FROM generate_series(timestamptz '2024-04-15', '2025-12-15', '1 month') day
WHERE day NOT BETWEEN '2024-06-01' AND '2024-09-01';
:looks;
-- a walk from one to the next finds them, too
SELECT arbiter_available('place', '2025-05-15', '2025-10-15');
:looks;
-- where there is none the index is asked, and the one after it is known as before
SELECT arbiter_available('place', '2024-07-15', '2024-07-16');
SELECT arbiter_available('place', '2024-07-15', '2024-07-16');
:looks;
SELECT arbiter_available('place', '2024-09-15', '2024-09-16');
:looks;
-- Beyond the last one the index is asked twice, and whether there is a timeline at
-- all; from then on once.
SELECT arbiter_available('place', '2026-06-15', '2026-06-16');
:looks;
SELECT arbiter_available('place', '2026-06-15', '2026-06-16');
:looks;
COMMIT;
-- and made where it is needed
SELECT arbiter_reserve('place', '2024-07-15', '2024-07-16', 10) > 0 AS granted;
SELECT arbiter_available('place', '2024-07-15', '2024-07-16'), arbiter_available('place', '2024-07-16', '2024-07-17');
SELECT arbiter_reserve('place', '2024-09-15', '2024-09-16', 9) > 0 AS granted;
SELECT * FROM arbiter_check();

-- Of many chunks, some are noted at a time.
SET arbiter.chunk_steps = 32;
SELECT count(arbiter_reserve('place', hour, hour + interval '20 minutes', 1))
FROM generate_series(timestamptz '2025-01-01', '2025-03-01', '1 hour') hour;
VACUUM arbiter_timeline;
\c -
SET timezone = 'UTC';
SET client_min_messages = warning;
BEGIN;
SELECT count(DISTINCT arbiter_available('place', hour, hour + interval '20 minutes'))
FROM generate_series(timestamptz '2025-01-01', '2025-03-01', '1 hour') hour;
SELECT pg_stat_get_xact_tuples_returned('arbiter_timeline_pkey'::regclass) <
	2 * (SELECT count(*) FROM arbiter_timeline) AS few_entries;
SELECT pg_stat_get_xact_numscans('arbiter_timeline_pkey'::regclass) < 60 AS few_looks;
COMMIT;
-- Where all are elsewhere, each is looked for, and no others with it.
VACUUM FULL arbiter_timeline;
BEGIN;
SELECT pg_stat_get_xact_tuples_returned('arbiter_timeline_pkey'::regclass) AS entries \gset
SELECT count(arbiter_available('place', day, day + interval '20 minutes'))
FROM generate_series(timestamptz '2025-01-01', '2025-03-01', '1 day') day;
SELECT pg_stat_get_xact_tuples_returned('arbiter_timeline_pkey'::regclass) - :entries AS entries;
COMMIT;
SELECT arbiter_drop_resource('place', force => true);
