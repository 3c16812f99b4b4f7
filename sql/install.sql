-- One command installs everything: what it makes, who may use it, what a dump
-- takes along.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
SET jit TO off;

-- In a schema of its own first: nothing may depend on the search path, and a
-- session must not keep what it remembers about a dropped installation.
CREATE SCHEMA elsewhere;
CREATE EXTENSION arbiter SCHEMA elsewhere CASCADE;
SELECT elsewhere.arbiter_create_resource('away') > 0 AS created;
SELECT elsewhere.arbiter_set_capacity('away', '2030-01-01', '2030-02-01', 10);
SELECT elsewhere.arbiter_reserve('away', '2030-01-02', '2030-01-03', 4) > 0 AS granted;
INSERT INTO elsewhere.arbiter_reservation (resource_id, during, amount)
SELECT resource_id, '[2030-01-02,2030-01-04)', 3 FROM elsewhere.arbiter_resource;
SELECT elsewhere.arbiter_available('away', '2030-01-01', '2030-02-01');
SELECT granted, reason, largest_amount, limiting_resource
FROM elsewhere.arbiter_try_reserve('away', '2030-01-02', '2030-01-03', 4);
SELECT * FROM elsewhere.arbiter_timeline('away', '2030-01-01', '2030-02-01');
SELECT * FROM elsewhere.arbiter_conflicts();
SELECT * FROM elsewhere.arbiter_check();
SELECT elsewhere.arbiter_purge('infinity');
SELECT elsewhere.arbiter_version() IS NOT NULL AS versioned;
SELECT resources, start_time, end_time, status FROM elsewhere.arbiter_booking ORDER BY start_time, end_time;
ALTER EXTENSION arbiter SET SCHEMA public;
\echo :SQLSTATE
-- an impostor in front on the search path is not looked at
CREATE TEMPORARY TABLE arbiter_reservation (LIKE elsewhere.arbiter_reservation);
CREATE TEMPORARY TABLE arbiter_timeline (LIKE elsewhere.arbiter_timeline);
SELECT elsewhere.arbiter_reserve('away', '2030-01-02', '2030-01-03', 3) > 0 AS granted;
SELECT elsewhere.arbiter_available('away', '2030-01-01', '2030-02-01');
SELECT count(*) FROM pg_temp.arbiter_reservation;
DROP TABLE pg_temp.arbiter_reservation, pg_temp.arbiter_timeline;
DROP EXTENSION arbiter, btree_gist;
DROP SCHEMA elsewhere;

CREATE EXTENSION arbiter CASCADE;
SELECT extname, extrelocatable, extnamespace::regnamespace AS schema,
	extversion = arbiter_version() AS version_known
FROM pg_extension WHERE extname = 'arbiter';

-- no resource comes with it
SELECT count(*) FROM arbiter_resource;
SELECT count(*) FROM arbiter_timeline;

-- tables, views, sequences
CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'arbiter'
	AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass);
SELECT c.relname, c.relkind
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
ORDER BY c.relname;

-- the columns are an interface too
\pset format unaligned
SELECT c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', '
	ORDER BY a.attnum) AS columns
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'v')
GROUP BY c.relname
ORDER BY c.relname;

-- functions, with their volatility and parallel safety
SELECT p.proname, pg_get_function_arguments(p.oid) AS arguments,
	pg_get_function_result(p.oid) AS result, p.provolatile, p.proparallel
FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
ORDER BY p.proname, 2;

\pset format aligned

-- none switches the user; none changes a setting that matters
SELECT p.oid::regprocedure, p.prosecdef, p.proconfig
FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
WHERE p.prosecdef OR p.proconfig IS NOT NULL
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- every object has a comment
SELECT pg_describe_object(m.classid, m.objid, 0) AS without_comment
FROM member m
WHERE NOT EXISTS (SELECT FROM pg_description c
	WHERE c.classoid = m.classid AND c.objoid = m.objid AND c.objsubid = 0)
ORDER BY 1;

-- so has every column of a table or view, and every trigger
SELECT c.relname, a.attname AS without_comment
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL
ORDER BY c.relname, a.attnum;
SELECT c.relname, t.tgname AS without_comment
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
WHERE obj_description(t.oid, 'pg_trigger') IS NULL
ORDER BY c.relname, t.tgname;

-- nothing is granted to PUBLIC
SELECT pg_describe_object(m.classid, m.objid, 0) AS granted_to_public, a.privilege_type
FROM member m
LEFT JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
LEFT JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
CROSS JOIN LATERAL aclexplode(CASE
	WHEN p.oid IS NOT NULL THEN coalesce(p.proacl, acldefault('f', p.proowner))
	ELSE coalesce(c.relacl,
		acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) END) a
WHERE a.grantee = 0
ORDER BY 1, 2;

-- what a dump takes along: everything but the derived timeline
SELECT c.relation::regclass AS dumped, c.condition
FROM pg_extension CROSS JOIN LATERAL unnest(extconfig, extcondition) c (relation, condition)
WHERE extname = 'arbiter' ORDER BY c.relation::regclass::text COLLATE "C";

-- a publication FOR ALL TABLES must not stop updates: every table has a
-- replica identity
SELECT c.relname
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
WHERE c.relkind = 'r'
	AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
		AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident
			ELSE false END)
ORDER BY c.relname;

-- settings
SELECT name, setting, unit, min_val, max_val, context
FROM pg_settings WHERE name LIKE 'arbiter.%' ORDER BY name;
SET arbiter.chunk_steps TO 31;
\echo :SQLSTATE
SET arbiter.search_horizon TO '-1 d';
\echo :SQLSTATE
SET arbiter.search_horizon TO '30 d';
SHOW arbiter.search_horizon;
RESET arbiter.search_horizon;

-- without a resource a call says what to do
SELECT arbiter_reserve(1707165008, 1708374608, 64);
\echo :SQLSTATE
SELECT arbiter_available('default', 1707165008, 1708374608);
\echo :SQLSTATE

-- nothing needs the search path
SET search_path TO '';
SELECT public.arbiter_create_resource('install') > 0 AS created;
SELECT public.arbiter_set_capacity('install', '2030-01-01', '2030-02-01', 10);
SELECT public.arbiter_reserve('install', '2030-01-02', '2030-01-03', 4) > 0 AS granted;
SELECT public.arbiter_available('install', '2030-01-01', '2030-02-01');
SELECT * FROM public.arbiter_check();
SELECT public.arbiter_drop_resource('install', force => true);
