-- Random changes of a reservation and of what is reserved from its child, against
-- a model that knows only arrays of days.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('model') > 0;
SELECT arbiter_set_capacity('model', '2030-01-01', '2030-01-31', 20);
SELECT arbiter_sublet(arbiter_reserve('model', '2030-01-06', '2030-01-26', 8), 'model.child') > 0;

CREATE TABLE outcome (action text, done boolean);
CREATE PROCEDURE follow(steps integer) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT timestamptz[] := ARRAY(SELECT timestamptz '2030-01-01' + n * interval '1 day' FROM generate_series(0, 60) n);
	id CONSTANT bigint := (SELECT parent_reservation_id FROM arbiter_resource WHERE name = 'model.child');
	parent bigint[] := array_fill(0, ARRAY[5]) || array_fill(8, ARRAY[20]) || array_fill(0, ARRAY[5]);
	used bigint[] := array_fill(0, ARRAY[30]);
	wanted bigint[];
	expected boolean;
	done boolean;
	forced boolean;
	action text;
	command text;
	code text;
	at integer;
	till integer;
	size bigint;
	first integer;
	last integer;
	v record;
BEGIN
	FOR step IN 1 .. steps LOOP
		SELECT min(i), max(i) INTO first, last FROM generate_series(1, 30) i WHERE parent[i] > 0;
		at := 1 + floor(random() * 30);
		till := at + 1 + floor(random() * 8);
		size := 1 + floor(random() * 12);
		forced := random() < 0.05;
		action := (ARRAY['resize', 'resize from', 'truncate', 'extend', 'extend', 'move', 'raw', 'take', 'take', 'take', 'take', 'give back', 'give back'])[1 + floor(random() * 13)];
		wanted := parent;
		expected := true;
		IF action = 'resize' THEN
			command := format('SELECT arbiter_resize(%s, %s, force => %L)', id, size, forced);
			wanted := ARRAY(SELECT CASE WHEN parent[i] > 0 THEN size ELSE 0 END FROM generate_series(1, 30) i);
		ELSIF action = 'resize from' THEN
			command := format('SELECT arbiter_resize(%s, %s, NULL, %L, %L)', id, size, day[at], forced);
			wanted := ARRAY(SELECT CASE WHEN parent[i] > 0 AND i >= at THEN size ELSE parent[i] END FROM generate_series(1, 30) i);
			expected := at <= last;
		ELSIF action = 'truncate' THEN
			at := greatest(at, 15);
			command := format('SELECT arbiter_truncate(%s, %L, %L)', id, day[at], forced);
			wanted := ARRAY(SELECT CASE WHEN i < at THEN parent[i] ELSE 0 END FROM generate_series(1, 30) i);
			expected := at > first AND at <= last + 1;
		ELSIF action = 'extend' THEN
			till := till + 5;
			command := format('SELECT arbiter_extend(%s, %L)', id, day[till]);
			wanted := ARRAY(SELECT CASE WHEN i > last AND i < till THEN parent[last] ELSE parent[i] END FROM generate_series(1, 30) i);
			forced := false;
			expected := till >= last + 1 AND till <= 31;
		ELSIF action = 'move' THEN
			at := greatest(1, first - 3 + floor(random() * 7)::integer);
			command := format('SELECT arbiter_move(%s, %L, %L)', id, day[at], forced);
			wanted := ARRAY(SELECT coalesce(parent[i - at + first], 0) FROM generate_series(1, 30) i);
			expected := last + at - first <= 30;
		ELSIF action = 'raw' THEN
			command := format('UPDATE arbiter_reservation SET amount = %s WHERE reservation_id = %s AND status = %L', size, id, 'confirmed');
			wanted := ARRAY(SELECT CASE WHEN parent[i] > 0 THEN size ELSE 0 END FROM generate_series(1, 30) i);
			forced := false;
		ELSIF action = 'take' THEN
			size := 1 + floor(random() * 4);
			command := format('SELECT arbiter_reserve(%L, %L::timestamptz, %L::timestamptz, %s)', 'model.child', day[at], day[till], size);
			expected := till <= 31 AND (SELECT bool_and(parent[i] > 0 AND used[i] + size <= parent[i]) FROM generate_series(at, till - 1) i);
		ELSE
			SELECT reservation_id, 1 + extract(day FROM lower(during) - day[1])::integer AS start,
				1 + extract(day FROM upper(during) - day[1])::integer AS finish, amount INTO v
			FROM arbiter_reservation
			WHERE resource_id = arbiter_resource_id('model.child') AND status = 'confirmed'
			ORDER BY md5(during::text || amount || step) LIMIT 1;
			CONTINUE WHEN NOT FOUND;
			command := format('SELECT arbiter_cancel(%s)', v.reservation_id);
		END IF;
		-- an instant that gets worse must keep what is used
		IF expected AND NOT forced AND action NOT IN ('take', 'give back') THEN
			expected := (SELECT bool_and(wanted[i] >= used[i] OR wanted[i] >= parent[i]) FROM generate_series(1, 30) i);
		END IF;

		BEGIN
			EXECUTE command;
			done := true;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE;
			done := false;
			IF code NOT IN ('RV001', 'RV002', 'RV003', 'RV011') THEN
				RAISE EXCEPTION 'step %: % raises %: %', step, command, code, SQLERRM;
			END IF;
		END;
		IF done <> expected THEN
			RAISE EXCEPTION 'step %: % should be % and is % (parent % used %)', step, command, expected, done, parent, used;
		END IF;
		INSERT INTO outcome VALUES (action, done);
		IF done AND action = 'take' THEN
			FOR i IN at .. till - 1 LOOP
				used[i] := used[i] + size;
			END LOOP;
		ELSIF done AND action = 'give back' THEN
			FOR i IN v.start .. v.finish - 1 LOOP
				used[i] := used[i] - v.amount;
			END LOOP;
		ELSIF done THEN
			parent := wanted;
		END IF;

		IF EXISTS (SELECT FROM generate_series(1, 30) i
				CROSS JOIN LATERAL arbiter_timeline('model.child', day[i], day[i + 1]) t
				WHERE t.capacity <> parent[i] OR t.reserved <> used[i])
			OR EXISTS (SELECT FROM arbiter_check('model.child')) THEN
			RAISE EXCEPTION 'step %: after % the child is not what the model says: parent % used %', step, command, parent, used;
		END IF;
	END LOOP;
END
$$;
SELECT setseed(0.42);
CALL follow(600);
-- every action was done, and each that can be was refused
SELECT action, bool_or(done), bool_or(NOT done) FROM outcome GROUP BY action ORDER BY action;
SELECT * FROM arbiter_check();
DROP PROCEDURE follow(integer);
DROP TABLE outcome;
SELECT arbiter_drop_resource('model.child', true), arbiter_drop_resource('model', true);
