-- Replays the trace in pods.csv and nodes.csv of the working directory: every
-- task that was scheduled reserves its cpu, memory and gpu, all or nothing.
-- Run by scripts/demo.
\set SHOW_CONTEXT never
\pset footer off
SET client_min_messages TO warning;

CREATE TABLE task (line integer GENERATED ALWAYS AS IDENTITY, name text, cpu_milli bigint,
	memory_mib bigint, num_gpu bigint, gpu_milli bigint, gpu_spec text, qos text, pod_phase text,
	creation_time bigint, deletion_time bigint, scheduled_time bigint);
CREATE TABLE node (sn text, cpu_milli bigint, memory_mib bigint, gpu bigint, model text);
CREATE TABLE replay_result (replay_id integer GENERATED ALWAYS AS IDENTITY, cpu bigint,
	memory bigint, gpu bigint, granted bigint, refused bigint, seconds numeric);
\copy task (name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, qos, pod_phase, creation_time, deletion_time, scheduled_time) FROM 'pods.csv' (FORMAT csv, HEADER)
\copy node FROM 'nodes.csv' (FORMAT csv, HEADER)
ANALYZE task;

-- The trace's clock starts at 0: 2024-01-01 00:00 UTC here. A commit per task,
-- as it would be in production.
CREATE PROCEDURE replay(cpu bigint, memory bigint, gpu bigint)
LANGUAGE plpgsql AS $$
DECLARE
	origin CONSTANT bigint := 1704067200;
	started timestamptz;
	task record;
	granted_count bigint := 0;
	refused_count bigint := 0;
	answer boolean;
	kind text;
	most bigint;
BEGIN
	FOR kind, most IN VALUES ('cpu', cpu), ('memory', memory), ('gpu', gpu) LOOP
		IF EXISTS (SELECT FROM arbiter_resource WHERE name = kind) THEN
			PERFORM arbiter_drop_resource(kind, force => true);
		END IF;
		PERFORM arbiter_create_resource(kind);
		PERFORM arbiter_set_capacity(kind, to_timestamp(origin), 'infinity', most);
	END LOOP;
	DELETE FROM arbiter_denial WHERE requirements IS NOT NULL;
	COMMIT;

	started := clock_timestamp();
	FOR task IN
		SELECT t.name, to_timestamp(origin + t.scheduled_time) AS start_time,
			to_timestamp(origin + t.deletion_time) AS end_time,
			jsonb_strip_nulls(jsonb_build_object('cpu', nullif(t.cpu_milli, 0),
				'memory', nullif(t.memory_mib, 0), 'gpu', nullif(t.num_gpu, 0))) AS requirements
		FROM task t
		WHERE t.scheduled_time IS NOT NULL
		ORDER BY t.scheduled_time, t.line
	LOOP
		SELECT r.granted INTO STRICT answer
		FROM arbiter_try_reserve_all(task.requirements, task.start_time, task.end_time, task.name) r;
		IF answer THEN
			granted_count := granted_count + 1;
		ELSE
			refused_count := refused_count + 1;
		END IF;
		COMMIT;
	END LOOP;
	INSERT INTO replay_result (cpu, memory, gpu, granted, refused, seconds)
	VALUES (cpu, memory, gpu, granted_count, refused_count,
		round(extract(epoch FROM clock_timestamp() - started), 2));
END
$$;

\echo
\echo '--- With the capacity of the whole cluster, then with a small part of it'
SELECT sum(cpu_milli) AS cpu, sum(memory_mib) AS memory, sum(gpu) AS gpu FROM node \gset
CALL replay(:cpu, :memory, :gpu);
CALL replay(400000, 2000000, 48);
SELECT cpu, memory, gpu, granted, refused, seconds,
	round((granted + refused) / greatest(seconds, 0.01)) AS requests_per_second
FROM replay_result ORDER BY replay_id;

\echo '--- Denied demand: what the refused tasks lacked'
SELECT r.name AS limiting_resource, count(*) AS denials
FROM arbiter_denial d JOIN arbiter_resource r USING (resource_id)
WHERE d.requirements IS NOT NULL
GROUP BY r.name ORDER BY denials DESC, r.name;

\echo '--- The timeline of the gpu resource around its busiest hour'
SELECT lower(t.during) AS busiest
FROM arbiter_timeline('gpu') t
WHERE NOT lower_inf(t.during)
ORDER BY t.reserved DESC, t.during LIMIT 1 \gset
SELECT * FROM arbiter_timeline('gpu', timestamptz :'busiest' - interval '30 min',
	timestamptz :'busiest' + interval '30 min') LIMIT 12;

\echo '--- The checker: no row means that all is well'
SELECT * FROM arbiter_check();
