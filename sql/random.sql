-- Tens of thousands of random operations; then everything still adds up.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- A fixed seed, so that a failure can be run again; other seeds are for the
-- tests that print theirs.
SELECT setseed(0.20240205);
SELECT arbiter_create_resource('random.' || n) > 0 FROM generate_series(1, 4) n;
SELECT arbiter_set_capacity('random.' || n, '2030-01-01', '2030-05-01', 40 + 10 * n) FROM generate_series(1, 4) n;

CREATE PROCEDURE random_operations(operations int) LANGUAGE plpgsql AS $$
DECLARE
	name text;
	id int;
	s timestamptz;
	e timestamptz;
	a bigint;
	kind float;
	picked bigint[] := '{}';
	chosen bigint[];
	reservation bigint;
	refused int := 0;
	t record;
BEGIN
	FOR n IN 1 .. operations LOOP
		name := 'random.' || 1 + floor(random() * 4);
		id := id_of(name);
		s := timestamptz '2029-12-30' + floor(random() * 124 * 24 * 2) * interval '30 min';
		e := s + (1 + floor(random() * random() * 200)) * interval '30 min';
		a := 1 + floor(random() * 9);
		kind := random();
		IF kind < 0.45 THEN
			SELECT * INTO t FROM arbiter_try_reserve(name, s, e, a);
			IF t.granted THEN
				picked := picked || t.reservation_id;
			ELSE
				refused := refused + 1;
				-- the answer must be right: not even what it calls the largest amount fits one more
				IF t.largest_amount IS DISTINCT FROM arbiter_available(name, s, e) OR t.largest_amount >= a THEN
					RAISE WARNING 'operation %: % available, % said', n, arbiter_available(name, s, e), t.largest_amount;
				END IF;
			END IF;
		ELSIF kind < 0.50 THEN
			SELECT * INTO t FROM arbiter_try_reserve_all(jsonb_build_object(name, a, 'random.' || 1 + floor(random() * 4), 2), s, e);
			IF t.granted THEN
				picked := picked || t.reservation_id;
			END IF;
		ELSE
			BEGIN
				IF kind < 0.60 THEN
					INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id, tstzrange(s, e), a) RETURNING reservation_id INTO reservation;
					picked := picked || reservation;
				ELSIF kind < 0.75 AND cardinality(picked) > 0 THEN
					reservation := picked[1 + floor(random() * cardinality(picked))];
					PERFORM arbiter_cancel(reservation);
					picked := array_remove(picked, reservation);
				ELSIF kind < 0.87 AND cardinality(picked) > 0 THEN
					-- moved, resized, or both; to another resource now and then
					reservation := picked[1 + floor(random() * cardinality(picked))];
					UPDATE arbiter_reservation SET during = tstzrange(s, e), amount = a,
						resource_id = CASE WHEN random() < 0.2 THEN id ELSE resource_id END
					WHERE reservation_id = reservation;
				ELSIF kind < 0.90 AND cardinality(picked) > 0 THEN
					-- some at once
					chosen := picked[1 + floor(random() * cardinality(picked)) :];
					UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '30 min', upper(during) + interval '30 min')
					WHERE reservation_id = ANY (chosen[: 20]);
				ELSIF kind < 0.92 AND cardinality(picked) > 0 THEN
					reservation := picked[1 + floor(random() * cardinality(picked))];
					DELETE FROM arbiter_reservation WHERE reservation_id = reservation;
					picked := array_remove(picked, reservation);
				ELSIF kind < 0.94 THEN
					UPDATE arbiter_reservation SET status = CASE status WHEN 'cancelled' THEN 'confirmed' ELSE 'cancelled' END
					WHERE resource_id = id AND during && tstzrange(s, s + interval '3 h');
				ELSIF kind < 0.96 THEN
					PERFORM arbiter_set_capacity(name, s, e, CASE WHEN random() < 0.1 THEN NULL ELSE floor(random() * 90)::bigint END, random() < 0.1);
				ELSIF kind < 0.98 THEN
					PERFORM arbiter_add_capacity(name, s, e, (floor(random() * 30) - 10)::bigint, random() < 0.1);
				ELSE
					-- done, and undone
					PERFORM arbiter_reserve(name, s, e, a);
					RAISE EXCEPTION 'undone' USING ERRCODE = 'P0099';
				END IF;
			EXCEPTION
				WHEN SQLSTATE 'RV001' OR SQLSTATE 'RV002' OR SQLSTATE 'RV005' OR SQLSTATE 'RV008' OR SQLSTATE 'RV011' OR SQLSTATE 'P0099' THEN
					refused := refused + 1;
			END;
		END IF;
		IF cardinality(picked) > 600 THEN
			picked := picked[301:];
		END IF;
		IF n % 500 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
	IF refused < operations / 20 OR refused > operations * 0.9 THEN
		RAISE WARNING '% of % refused', refused, operations;
	END IF;
END
$$;

CALL random_operations(5000);
SELECT * FROM arbiter_check();
CALL random_operations(15000);
SELECT * FROM arbiter_check();
SELECT count(*) > 5000 FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) WHERE r.name LIKE 'random.%';
SELECT count(*) > 40 FROM arbiter_timeline t JOIN arbiter_resource r USING (resource_id) WHERE r.name LIKE 'random.%';
-- every step of every timeline
SELECT n, d.* FROM generate_series(1, 4) n CROSS JOIN LATERAL timeline_differences('random.' || n, '2029-12-01', '2030-06-01') d;
-- windows at random
SELECT w.*, arbiter_available(w.name, w.s, w.e), naive_available(w.name, w.s, w.e)
FROM (SELECT v.name, v.s, v.s + (1 + floor(random() * random() * 3000)) * interval '10 min' AS e
	FROM (SELECT 'random.' || n % 4 + 1 AS name, timestamptz '2029-12-25' + floor(random() * 130 * 24 * 6) * interval '10 min' AS s
		FROM generate_series(1, 400) n) v OFFSET 0) w
WHERE arbiter_available(w.name, w.s, w.e) IS DISTINCT FROM naive_available(w.name, w.s, w.e);
-- the conflicts are those that the naive steps have
SELECT c.resource_name, c.during, c.available FROM arbiter_conflicts() c
WHERE c.resource_name LIKE 'random.%' AND NOT EXISTS (SELECT FROM naive_steps(c.resource_name, lower(c.during), upper(c.during)) s WHERE s.available = c.available);
SELECT 'random.' || n, s.during, s.available FROM generate_series(1, 4) n CROSS JOIN LATERAL naive_steps('random.' || n, '2029-12-01', '2030-06-01') s
WHERE s.available < 0 AND NOT EXISTS (SELECT FROM arbiter_conflicts('random.' || n) c WHERE c.during @> s.during AND c.available = s.available);
-- the schedule has no neighbours of one amount that the functions left behind
SELECT r.name, c.during FROM arbiter_capacity c JOIN arbiter_resource r USING (resource_id)
JOIN arbiter_capacity n ON n.resource_id = c.resource_id AND n.amount = c.amount AND n.during -|- c.during AND lower(n.during) = upper(c.during)
WHERE r.name LIKE 'random.%';
-- derived anew it is the same
CREATE TEMPORARY TABLE before AS SELECT n, t.* FROM generate_series(1, 4) n CROSS JOIN LATERAL arbiter_timeline('random.' || n) t;
SELECT arbiter_rebuild('random.' || n) > 0 FROM generate_series(1, 4) n;
SELECT * FROM (SELECT * FROM before EXCEPT SELECT n, t.* FROM generate_series(1, 4) n CROSS JOIN LATERAL arbiter_timeline('random.' || n) t) d;
SELECT * FROM arbiter_check();
-- and all of it cancelled is the schedule again
UPDATE arbiter_reservation SET status = 'cancelled' WHERE resource_id IN (SELECT resource_id FROM arbiter_resource WHERE name LIKE 'random.%') AND status = 'confirmed';
SELECT * FROM arbiter_check();
SELECT n, t.* FROM generate_series(1, 4) n CROSS JOIN LATERAL arbiter_timeline('random.' || n) t WHERE t.reserved <> 0;
DROP PROCEDURE random_operations(int);
