-- Random work on a resource that may be booked beyond capacity further ahead,
-- against a model that knows only arrays of days.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('ahead.model', granularity => '1 day', float_percent => 10, firm_horizon => '0', overcommit_ratio => 1.5) > 0;
SELECT arbiter_set_capacity('ahead.model', '2096-01-01', '2096-01-31', 7);

CREATE TABLE outcome (action text, done boolean);
CREATE PROCEDURE follow(steps integer) LANGUAGE plpgsql AS $$
DECLARE
	day CONSTANT timestamptz[] := ARRAY(SELECT timestamptz '2096-01-01' + n * interval '1 day' FROM generate_series(0, 60) n);
	declared bigint[] := array_fill(7, ARRAY[30]);
	taken bigint[] := array_fill(0, ARRAY[30]);
	-- the first day that is far ahead; the horizon is at noon of the day before
	far integer := 1;
	ratio numeric := 1.5;
	limits bigint[];
	kept bigint[];
	wanted bigint[];
	expected boolean;
	done boolean;
	action text;
	command text;
	code text;
	at integer;
	till integer;
	size bigint;
	tryout boolean;
	slot timestamptz;
	v record;
BEGIN
	FOR step IN 1 .. steps LOOP
		at := 1 + floor(random() * 30);
		till := least(31, at + 1 + floor(random() * 8)::integer);
		size := 1 + floor(random() * 5);
		tryout := random() < 0.2;
		action := (ARRAY['take', 'take', 'take', 'take', 'raw', 'many', 'series', 'cancel', 'cancel', 'cancel', 'move', 'move', 'resize', 'extend', 'capacity', 'capacity', 'raw capacity', 'horizon', 'ratio'])[1 + floor(random() * 19)];
		limits := ARRAY(SELECT CASE WHEN i >= far THEN floor(declared[i] * ratio) ELSE declared[i] END FROM generate_series(1, 30) i);
		kept := ARRAY(SELECT ceil(declared[i] * 0.1) FROM generate_series(1, 30) i);
		wanted := taken;
		expected := true;
		IF action IN ('take', 'raw', 'many', 'series') THEN
			command := format(CASE action
				WHEN 'take' THEN 'SELECT arbiter_reserve(''ahead.model'', %1$L::timestamptz, %2$L::timestamptz, %3$s, tryout => %4$L)'
				WHEN 'raw' THEN 'INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (arbiter_resource_id(''ahead.model''), tstzrange(%1$L, %2$L), %3$s, %4$L)'
				WHEN 'many' THEN 'SELECT 1 / (SELECT count(*) FROM arbiter_reserve_many(jsonb_build_array(jsonb_build_object(''resource'', ''ahead.model'', ''start_time'', %1$L, ''end_time'', %2$L, ''amount'', %3$s, ''tryout'', %4$L::boolean))) WHERE granted)'
				ELSE 'SELECT 1 / (SELECT count(*) FROM arbiter_reserve_series(''ahead.model'', %3$s, %5$L, ''FREQ=DAILY;COUNT=1'', %1$L, tryout => %4$L) WHERE granted)' END,
				day[at], day[till], size, tryout, day[till] - day[at]);
			wanted := ARRAY(SELECT taken[i] + CASE WHEN i >= at AND i < till THEN size ELSE 0 END FROM generate_series(1, 30) i);
		ELSIF action IN ('cancel', 'move', 'resize', 'extend') THEN
			SELECT r.reservation_id, 1 + extract(day FROM lower(r.during) - day[1])::integer AS start,
				1 + extract(day FROM upper(r.during) - day[1])::integer AS finish, r.amount, r.tryout INTO v
			FROM arbiter_reservation r
			WHERE r.resource_id = arbiter_resource_id('ahead.model') AND r.status = 'confirmed'
			ORDER BY md5(r.during::text || r.amount || step) LIMIT 1;
			CONTINUE WHEN NOT FOUND;
			tryout := v.tryout;
			IF action = 'cancel' THEN
				command := format('SELECT arbiter_cancel(%s)', v.reservation_id);
				at := v.start;
				till := v.start;
				size := 0;
			ELSIF action = 'move' THEN
				at := greatest(1, least(v.start - 4 + floor(random() * 9)::integer, 31 - (v.finish - v.start)));
				till := at + v.finish - v.start;
				size := v.amount;
				command := format('SELECT arbiter_move(%s, %L)', v.reservation_id, day[at]);
			ELSIF action = 'resize' THEN
				at := v.start;
				till := v.finish;
				command := format('SELECT arbiter_resize(%s, %s)', v.reservation_id, size);
			ELSE
				at := v.start;
				till := least(31, v.finish + 1 + floor(random() * 4)::integer);
				size := v.amount;
				command := format('SELECT arbiter_extend(%s, %L)', v.reservation_id, day[till]);
			END IF;
			wanted := ARRAY(SELECT taken[i] + CASE WHEN i >= at AND i < till THEN size ELSE 0 END
				- CASE WHEN i >= v.start AND i < v.finish THEN v.amount ELSE 0 END FROM generate_series(1, 30) i);
		ELSIF action IN ('capacity', 'raw capacity') THEN
			IF action = 'raw capacity' THEN
				at := 1;
				till := 31;
				size := -1 + floor(random() * 3);
				command := format('UPDATE arbiter_capacity SET amount = greatest(0, amount + %s) WHERE resource_id = arbiter_resource_id(''ahead.model'')', size);
				wanted := ARRAY(SELECT greatest(0, declared[i] + size) FROM generate_series(1, 30) i);
			ELSE
				size := floor(random() * 13);
				command := format('SELECT arbiter_set_capacity(''ahead.model'', %L, %L, %s)', day[at], day[till], size);
				wanted := ARRAY(SELECT CASE WHEN i >= at AND i < till THEN size ELSE declared[i] END FROM generate_series(1, 30) i);
			END IF;
			expected := (SELECT bool_and(wanted[i] >= declared[i]
					OR taken[i] <= CASE WHEN i >= far THEN floor(wanted[i] * ratio) ELSE wanted[i] END)
				FROM generate_series(1, 30) i);
		ELSIF action = 'horizon' THEN
			far := 1 + floor(random() * 31);
			command := format('SELECT arbiter_alter_resource(''ahead.model'', firm_horizon => %L - clock_timestamp())', day[far] - interval '12 hours');
		ELSE
			ratio := (ARRAY[1, 1.01, 1.3, 1.5, 2.25, 10])[1 + floor(random() * 6)];
			command := format('SELECT arbiter_alter_resource(''ahead.model'', overcommit_ratio => %s)', ratio);
		END IF;
		-- an instant at which more is taken must have it
		IF action NOT IN ('capacity', 'raw capacity', 'horizon', 'ratio') THEN
			expected := (SELECT bool_and(wanted[i] <= taken[i] OR wanted[i] <= limits[i] - CASE WHEN tryout THEN 0 ELSE kept[i] END)
				FROM generate_series(1, 30) i);
		END IF;

		BEGIN
			EXECUTE command;
			done := true;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE;
			done := false;
			-- 22012: by reserve_many and reserve_series, whose refusals are rows
			IF code NOT IN ('RV001', 'RV011', '22012') THEN
				RAISE EXCEPTION 'step %: % raises %: %', step, command, code, SQLERRM;
			END IF;
		END;
		IF done <> expected THEN
			RAISE EXCEPTION 'step %: % should be % and is % (capacity % reserved % far % ratio %)', step, command, expected, done, declared, taken, far, ratio;
		END IF;
		INSERT INTO outcome VALUES (action, done);
		IF done AND action IN ('capacity', 'raw capacity') THEN
			declared := wanted;
		ELSIF done AND action NOT IN ('horizon', 'ratio') THEN
			taken := wanted;
		END IF;

		-- what readers say
		limits := ARRAY(SELECT CASE WHEN i >= far THEN floor(declared[i] * ratio) ELSE declared[i] END FROM generate_series(1, 30) i);
		kept := ARRAY(SELECT ceil(declared[i] * 0.1) FROM generate_series(1, 30) i);
		IF arbiter_available('ahead.model', day[at], day[greatest(till, at + 1)]) <>
			(SELECT greatest(0, min(limits[i] - kept[i] - taken[i])) FROM generate_series(at, greatest(till, at + 1) - 1) i) THEN
			RAISE EXCEPTION 'step %: after % available % to % is % (capacity % reserved % far % ratio %)', step, command, at, till,
				arbiter_available('ahead.model', day[at], day[greatest(till, at + 1)]), declared, taken, far, ratio;
		END IF;
		size := 1 + floor(random() * 8);
		SELECT f.start_time INTO slot FROM arbiter_find_slot('ahead.model', size, '3 days', day[1], day[31]) f;
		IF slot IS DISTINCT FROM (SELECT min(day[s]) FROM generate_series(1, 28) s
			WHERE (SELECT bool_and(limits[i] - kept[i] - taken[i] >= size) FROM generate_series(s, s + 2) i)) THEN
			RAISE EXCEPTION 'step %: after % slot for % is % (capacity % reserved % far % ratio %)', step, command, size, slot, declared, taken, far, ratio;
		END IF;
		IF EXISTS (SELECT FROM generate_series(1, 30) i
				CROSS JOIN LATERAL arbiter_timeline('ahead.model', day[i], day[i + 1]) t
				WHERE t.capacity <> declared[i] OR t.reserved <> taken[i] OR t.available <> declared[i] - taken[i])
			OR EXISTS (SELECT FROM arbiter_fits_calendar_all('{"ahead.model": 2}', day[1], day[31], '1 day') c
				WHERE c.fits <> (SELECT greatest(0, floor((limits[i] - kept[i] - taken[i]) / 2.0)) FROM generate_series(1, 30) i WHERE day[i] = c.bucket_start))
			OR EXISTS (SELECT FROM arbiter_check('ahead.model')) THEN
			RAISE EXCEPTION 'step %: after % the timeline is not what the model says: capacity % reserved %', step, command, declared, taken;
		END IF;
		-- a conflict is beyond what its day allows; what is unresolved is beyond capacity
		IF EXISTS (SELECT FROM generate_series(1, 30) i
				WHERE (taken[i] > limits[i]) <> EXISTS (SELECT FROM arbiter_conflicts('ahead.model') c
					WHERE c.during && tstzrange(day[i], day[i] + interval '12 hours') AND c.available = declared[i] - taken[i])
				OR (taken[i] > declared[i]) <> EXISTS (SELECT FROM arbiter_unresolved(resource => 'ahead.model') u
					WHERE u.during && tstzrange(day[i], day[i] + interval '12 hours') AND u.excess = taken[i] - declared[i]
						AND u.permitted = (taken[i] <= limits[i]))) THEN
			RAISE EXCEPTION 'step %: after % conflicts or unresolved differ: capacity % reserved % far % ratio %', step, command, declared, taken, far, ratio;
		END IF;
	END LOOP;
END
$$;
SELECT setseed(0.21);
CALL follow(600);
-- every action was done, and each that can be was refused
SELECT action, bool_or(done), bool_or(NOT done) FROM outcome GROUP BY action ORDER BY action;
SELECT * FROM arbiter_check();
DROP PROCEDURE follow(integer);
DROP TABLE outcome;
SELECT arbiter_drop_resource('ahead.model', true);
