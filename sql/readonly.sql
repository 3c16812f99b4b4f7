-- READ ONLY transactions: writers refuse with 25006, readers work.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('readonly') > 0;
SELECT arbiter_set_capacity('readonly', '2030-01-01', '2030-03-01', 10);
SELECT arbiter_reserve('readonly', '2030-01-01', '2030-01-02', 4) AS id \gset
INSERT INTO arbiter_resource (resource_id, name) VALUES (9201, 'readonly.unbuilt');
COPY arbiter_capacity FROM stdin;
9201	[2030-01-01,2030-02-01)	10
\.
COPY arbiter_reservation (reservation_id, resource_id, during, amount) FROM stdin;
-9201	9201	[2030-01-01,2030-01-03)	6
\.

BEGIN READ ONLY;
SELECT outcome($$ SELECT arbiter_create_resource('readonly.new') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('readonly', unit => 'x') $$);
SELECT outcome($$ SELECT arbiter_drop_resource('readonly', true) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('readonly', '2030-01-01', '2030-01-02', 11) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('readonly', '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_load_schedule('readonly', '{}', true) $$);
SELECT outcome($$ SELECT arbiter_reserve('readonly', '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('readonly', timestamptz '2030-01-01', timestamptz '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve(1893456000, 1893542400, 1, resource => 'readonly') $$);
SELECT outcome($$ SELECT arbiter_reserve('readonly', '2030-01-01', '2030-01-02', 99) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('readonly', '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('readonly', '2030-01-01', '2030-01-02', 99) $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"readonly": 1}', '2030-01-01', '2030-01-02') $$);
SELECT outcome($$ SELECT arbiter_try_reserve_all('{"readonly": 1}', '2030-01-01', '2030-01-02') $$);
SELECT outcome($$ SELECT arbiter_cancel(1) $$);
SELECT outcome($$ SELECT arbiter_rebuild('readonly') $$);
SELECT outcome($$ SELECT arbiter_purge('2001-01-01') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('readonly'), '[2030-01-01,2030-01-02)', 1) $$);
-- arguments are looked at first
SELECT outcome($$ SELECT arbiter_reserve('readonly', '2030-01-02', '2030-01-01', 1) $$);
-- readers, also of what is not built
SELECT arbiter_available('readonly', '2030-01-01', '2030-01-02');
SELECT arbiter_available('readonly', 1893456000, 1893542400);
SELECT arbiter_available('readonly', timestamptz '2030-01-01', timestamptz '2030-01-02');
SELECT * FROM arbiter_timeline('readonly', '2030-01-01', '2030-03-01');
SELECT arbiter_available('readonly.unbuilt', '2030-01-01', '2030-01-02');
SELECT * FROM arbiter_timeline('readonly.unbuilt', '2030-01-01', '2030-03-01');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('readonly');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('readonly.unbuilt');
SELECT * FROM arbiter_check();
SELECT arbiter_version() IS NOT NULL;
SELECT resources, status FROM arbiter_booking WHERE reservation_id = -9201;
COMMIT;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9201;
SET default_transaction_read_only TO on;
SELECT arbiter_reserve('readonly', '2030-01-01', '2030-01-02', 1);
\echo :SQLSTATE
SELECT arbiter_cancel(:id);
\echo :SQLSTATE
RESET default_transaction_read_only;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT arbiter_available('readonly', '2030-01-01', '2030-01-02');
SELECT outcome($$ SELECT arbiter_reserve('readonly', '2030-01-01', '2030-01-02', 1) $$);
COMMIT;
SELECT * FROM booked('readonly');

-- readers run in parallel workers, too
SELECT proname, proparallel FROM pg_proc WHERE proname IN ('arbiter_available', 'arbiter_timeline', 'arbiter_conflicts') GROUP BY 1, 2 ORDER BY 1;
SET parallel_setup_cost TO 0;
SET parallel_tuple_cost TO 0;
SET min_parallel_table_scan_size TO 0;
SELECT set_config(name, 'on', false) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT arbiter_available('readonly', '2030-01-01', '2030-01-02');
SELECT available FROM arbiter_timeline('readonly', '2030-01-01', '2030-03-01');
SELECT arbiter_available('readonly.unbuilt', '2030-01-01', '2030-01-02');
SELECT set_config(name, 'off', false) FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
