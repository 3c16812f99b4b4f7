-- Places the tasks of the trace in pods.csv and nodes.csv of the working
-- directory, in the order of their starts: each claims its cpu, memory and gpu on
-- one node for its own time range, and a model of gpu where it wants one.
-- Run by scripts/demo-claims; part is how many nodes there are for one that may be
-- claimed in the second half.
\set SHOW_CONTEXT never
\pset footer off
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS arbiter CASCADE;

CREATE TABLE task (line integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, cpu_milli bigint,
	memory_mib bigint, num_gpu bigint, gpu_milli bigint, gpu_spec text, qos text, pod_phase text,
	creation_time bigint, deletion_time bigint, scheduled_time bigint);
CREATE TABLE node (line integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sn text, cpu_milli bigint,
	memory_mib bigint, gpu bigint, model text);
-- one row for each task that was scheduled; provider NULL: it was refused
CREATE TABLE placement (one_in integer, choose text, line integer, provider text,
	PRIMARY KEY (one_in, choose, line));
CREATE TABLE placement_run (one_in integer, choose text, seconds numeric, PRIMARY KEY (one_in, choose));
\copy task (name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, qos, pod_phase, creation_time, deletion_time, scheduled_time) FROM 'pods.csv' (FORMAT csv, HEADER)
\copy node (sn, cpu_milli, memory_mib, gpu, model) FROM 'nodes.csv' (FORMAT csv, HEADER)

SELECT arbiter_create_provider(sn) FROM node ORDER BY line \g /dev/null
SELECT arbiter_set_inventory(n.sn, i.resource_type, i.total)
FROM node n
CROSS JOIN LATERAL (VALUES ('cpu', n.cpu_milli), ('memory', n.memory_mib), ('gpu', n.gpu)) i (resource_type, total)
WHERE i.total > 0
ORDER BY n.line \g /dev/null
SELECT arbiter_set_capabilities(sn, ARRAY['gpu.' || model]) FROM node WHERE model <> '' \g /dev/null
ANALYZE;

-- The trace's clock starts at 0: 2024-01-01 00:00 UTC here.  One in so many nodes
-- may be claimed; a commit for each task, as it would be in production.
CREATE PROCEDURE place(one_in integer, choose text)
LANGUAGE plpgsql AS $$
DECLARE
	origin CONSTANT bigint := 1704067200;
	started timestamptz;
	task record;
	answer record;
BEGIN
	TRUNCATE arbiter_reservation, arbiter_claim;
	PERFORM arbiter_alter_provider(n.sn, claimable => n.line % one_in = 0)
	FROM node n JOIN arbiter_provider p ON p.name = n.sn
	WHERE p.claimable <> (n.line % one_in = 0);
	COMMIT;

	started := clock_timestamp();
	FOR task IN
		SELECT t.line, t.name, to_timestamp(origin + t.scheduled_time) AS start_time,
			to_timestamp(origin + t.deletion_time) AS end_time,
			jsonb_strip_nulls(jsonb_build_object('choose', choose,
				'resources', jsonb_build_object('cpu', nullif(t.cpu_milli, 0),
					'memory', nullif(t.memory_mib, 0), 'gpu', nullif(t.num_gpu, 0)),
				'capabilities', CASE WHEN t.gpu_spec <> '' THEN jsonb_build_object('any',
					(SELECT jsonb_agg('gpu.' || m) FROM string_to_table(t.gpu_spec, '|') m)) END)) AS request
		FROM task t
		WHERE t.scheduled_time IS NOT NULL
		ORDER BY t.scheduled_time, t.line
	LOOP
		SELECT c.granted, c.allocations INTO STRICT answer
		FROM arbiter_try_claim(task.request, task.start_time, task.end_time, user_id => task.name) c;
		INSERT INTO placement VALUES (one_in, choose, task.line,
			CASE WHEN answer.granted THEN answer.allocations -> 0 ->> 'provider' END);
		COMMIT;
	END LOOP;
	INSERT INTO placement_run
	VALUES (one_in, choose, extract(epoch FROM clock_timestamp() - started));
	COMMIT;
	RAISE INFO 'choose %, one node in %: % s', choose, one_in, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$$;

\if :{?part}
\else
\set part 100
\endif
\echo
\echo '--- On all nodes, then on one in' :part
CALL place(1, 'pack');
CALL place(1, 'spread');
CALL place(1, 'random');
CALL place(:part, 'pack');
CALL place(:part, 'spread');
CALL place(:part, 'random');
SELECT n.nodes, p.choose, count(p.provider) AS placed, count(*) - count(p.provider) AS refused,
	count(DISTINCT p.provider) AS nodes_used, round(r.seconds, 2) AS seconds,
	round(count(*) / greatest(r.seconds, 0.01)) AS claims_per_second
FROM placement p JOIN placement_run r USING (one_in, choose)
CROSS JOIN LATERAL (SELECT count(*) AS nodes FROM node WHERE line % p.one_in = 0) n
GROUP BY n.nodes, p.one_in, p.choose, r.seconds
ORDER BY p.one_in, p.choose;

\echo '--- The checker: no row means that all is well'
SELECT * FROM arbiter_check();
