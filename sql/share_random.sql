-- Random changes of a capacity and of shares of it, against a model that knows only
-- days: what each reservation takes on each of them.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('model') > 0;
SELECT arbiter_set_capacity('model', '2030-01-01', '2030-01-31', 20);

-- capacity NULL: none is declared; share NULL: a plain reservation
CREATE TABLE model_day (day integer PRIMARY KEY, capacity bigint);
INSERT INTO model_day SELECT n, 20 FROM generate_series(1, 30) n;
CREATE TABLE model_booking (id bigint PRIMARY KEY, share numeric);
CREATE TABLE model_take (id bigint, day integer, amount bigint, PRIMARY KEY (id, day));
-- what is to be, if it is granted
CREATE TABLE model_next (LIKE model_take INCLUDING ALL);
CREATE TABLE next_day (LIKE model_day INCLUDING ALL);
CREATE TABLE outcome (action text, code text);

CREATE PROCEDURE play(steps integer) LANGUAGE plpgsql AS $$
DECLARE
	midnight CONSTANT timestamptz[] := ARRAY(SELECT timestamptz '2030-01-01' + n * interval '1 day' FROM generate_series(0, 60) n);
	action text;
	command text;
	expected text;
	ended text;
	at integer;
	till integer;
	first integer;
	last integer;
	size bigint;
	percent numeric;
	forced boolean;
	chosen bigint;
	old_share numeric;
	result bigint;
BEGIN
	FOR step IN 1 .. steps LOOP
		at := 1 + floor(random() * 30);
		till := at + 1 + floor(random() * 10);
		size := floor(random() * 30);
		percent := (ARRAY[100, 50, 33.33, 20, 12.5, 10, 5, 2.25])[1 + floor(random() * 8)];
		forced := random() < 0.1;
		action := (ARRAY['set', 'set', 'set', 'undeclare', 'raw', 'share', 'share', 'share', 'share', 'plain', 'plain', 'cancel', 'cancel',
			'extend', 'truncate', 'move', 'resize'])[1 + floor(random() * 17)];
		expected := NULL;
		chosen := NULL;
		DELETE FROM model_next;
		DELETE FROM next_day;
		INSERT INTO next_day SELECT * FROM model_day;

		IF action IN ('cancel', 'extend', 'truncate', 'move', 'resize') THEN
			SELECT b.id, b.share INTO chosen, old_share FROM (TABLE model_booking ORDER BY id) b
			WHERE action = 'cancel' OR b.share IS NOT NULL ORDER BY random() LIMIT 1;
			CONTINUE WHEN NOT FOUND;
			SELECT min(t.day), max(t.day) + 1 INTO first, last FROM model_take t WHERE t.id = chosen;
		END IF;

		IF action IN ('set', 'undeclare', 'raw') THEN
			IF action = 'undeclare' THEN
				command := format('SELECT arbiter_set_capacity(%L, %L, %L, NULL, %L)', 'model', midnight[at], midnight[till], forced);
				UPDATE next_day d SET capacity = NULL WHERE d.day >= at AND d.day < till;
			ELSIF action = 'set' THEN
				command := format('SELECT arbiter_set_capacity(%L, %L, %L, %s, %L)', 'model', midnight[at], midnight[least(till, 31)], size, forced);
				UPDATE next_day d SET capacity = size WHERE d.day >= at AND d.day < till;
			ELSE
				size := floor(random() * 7) - 3;
				forced := false;
				command := format('UPDATE arbiter_capacity SET amount = amount + %s WHERE resource_id = arbiter_resource_id(%L)', size, 'model');
				UPDATE next_day d SET capacity = d.capacity + size;
				IF EXISTS (SELECT FROM next_day d WHERE d.capacity < 0) THEN
					expected := 'RV005';
				END IF;
			END IF;
			INSERT INTO model_next
			SELECT t.id, t.day, CASE WHEN b.share IS NULL THEN t.amount
				ELSE coalesce(nullif(trunc(d.capacity * b.share / 100), 0), t.amount) END
			FROM model_take t JOIN model_booking b USING (id) JOIN next_day d USING (day);
			IF expected IS NULL AND NOT forced AND EXISTS (
				-- a share that is cut to nothing
				SELECT FROM model_take t JOIN model_booking b USING (id) JOIN next_day d USING (day) JOIN model_day o USING (day)
				WHERE b.share IS NOT NULL AND coalesce(trunc(d.capacity * b.share / 100), 0) = 0
					AND coalesce(d.capacity, 0) < coalesce(o.capacity, 0)) THEN
				expected := 'RV011';
			END IF;
			IF expected IS NULL AND NOT forced AND EXISTS (
				-- a day that gets worse, and has too little
				SELECT FROM next_day d JOIN model_day o USING (day)
				CROSS JOIN LATERAL (SELECT coalesce(d.capacity, 0) - coalesce(sum(n.amount), 0) AS available FROM model_next n WHERE n.day = d.day) new
				CROSS JOIN LATERAL (SELECT coalesce(o.capacity, 0) - coalesce(sum(t.amount), 0) AS available FROM model_take t WHERE t.day = d.day) old
				WHERE new.available < 0 AND new.available < old.available) THEN
				expected := 'RV011';
			END IF;
		ELSIF action = 'cancel' THEN
			command := format('SELECT arbiter_cancel(%s)', chosen);
			INSERT INTO model_next SELECT * FROM model_take t WHERE t.id <> chosen;
		ELSIF action = 'truncate' THEN
			at := least(greatest(at, first + 1), last);
			command := format('SELECT arbiter_truncate(%s, %L)', chosen, midnight[at]);
			INSERT INTO model_next SELECT * FROM model_take t WHERE t.id <> chosen OR t.day < at;
		ELSE
			-- from one day to another, for a share or an amount
			IF action = 'share' THEN
				command := format('SELECT arbiter_reserve_share(%L, %s, %L, %L)', 'model', percent, midnight[at], midnight[till]);
			ELSIF action = 'plain' THEN
				percent := NULL;
				size := 1 + floor(random() * 5);
				command := format('SELECT arbiter_reserve(%L, %L::timestamptz, %L::timestamptz, %s)', 'model', midnight[at], midnight[till], size);
			ELSIF action = 'extend' THEN
				at := first;
				till := last - 1 + floor(random() * 6);
				percent := old_share;
				command := format('SELECT arbiter_extend(%s, %L)', chosen, midnight[till]);
				IF till < last THEN
					expected := 'RV003';
				END IF;
			ELSIF action = 'move' THEN
				till := at + last - first;
				percent := old_share;
				command := format('SELECT arbiter_move(%s, %L)', chosen, midnight[at]);
			ELSE
				at := first;
				till := last;
				command := format('SELECT arbiter_resize_share(%s, %s)', chosen, percent);
			END IF;
			INSERT INTO model_next SELECT * FROM model_take t WHERE t.id IS DISTINCT FROM chosen;
			IF chosen IS NOT NULL AND at = first AND till = last AND percent = old_share THEN
				INSERT INTO model_next SELECT * FROM model_take t WHERE t.id = chosen;
			ELSIF expected IS NULL THEN
				INSERT INTO model_next
				SELECT coalesce(chosen, 0), n, coalesce(trunc(d.capacity * percent / 100), size)
				FROM generate_series(at, till - 1) n LEFT JOIN model_day d ON d.day = n
				WHERE percent IS NULL OR d.capacity IS NOT NULL;
				IF EXISTS (SELECT FROM generate_series(at, till - 1) n LEFT JOIN model_day d ON d.day = n WHERE d.capacity IS NULL) THEN
					expected := 'RV002';
				ELSIF EXISTS (SELECT FROM model_next n WHERE n.id = coalesce(chosen, 0) AND n.amount = 0)
					OR EXISTS (
						SELECT FROM model_next n JOIN model_day d USING (day) LEFT JOIN model_take t ON t.id = n.id AND t.day = n.day
						WHERE n.id = coalesce(chosen, 0) AND n.amount > coalesce(t.amount, 0)
							AND d.capacity < (SELECT sum(o.amount) FROM model_next o WHERE o.day = n.day)) THEN
					expected := 'RV001';
				END IF;
			END IF;
		END IF;

		ended := NULL;
		BEGIN
			IF action IN ('share', 'plain') THEN
				EXECUTE command INTO result;
			ELSE
				EXECUTE command;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS ended = RETURNED_SQLSTATE;
			IF ended NOT LIKE 'RV%' THEN
				RAISE EXCEPTION 'step %: % raises %: %', step, command, ended, SQLERRM;
			END IF;
		END;
		IF ended IS DISTINCT FROM expected THEN
			RAISE EXCEPTION 'step %: % should end with % and does with %', step, command, expected, ended;
		END IF;
		INSERT INTO outcome VALUES (action, ended);
		IF ended IS NULL THEN
			DELETE FROM model_take;
			INSERT INTO model_take SELECT CASE n.id WHEN 0 THEN result ELSE n.id END, n.day, n.amount FROM model_next n;
			UPDATE model_day d SET capacity = n.capacity FROM next_day n WHERE n.day = d.day;
			IF action IN ('share', 'plain') THEN
				INSERT INTO model_booking VALUES (result, percent);
			ELSIF action = 'cancel' THEN
				DELETE FROM model_booking b WHERE b.id = chosen;
			ELSIF action = 'resize' THEN
				UPDATE model_booking b SET share = percent WHERE b.id = chosen;
			END IF;
		END IF;

		-- rows, timeline and check
		IF EXISTS (
			SELECT FROM (
				SELECT v.reservation_id, d.day, v.amount, v.share
				FROM arbiter_reservation v JOIN model_day d ON v.during @> midnight[d.day]
				WHERE v.resource_id = arbiter_resource_id('model') AND v.status = 'confirmed') found
			FULL JOIN (SELECT t.id, t.day, t.amount, b.share FROM model_take t JOIN model_booking b USING (id)) wanted
				ON found.reservation_id = wanted.id AND found.day = wanted.day
			WHERE found.amount IS DISTINCT FROM wanted.amount OR found.share IS DISTINCT FROM wanted.share)
			OR EXISTS (
				SELECT FROM model_day d CROSS JOIN LATERAL arbiter_timeline('model', midnight[d.day], midnight[d.day + 1]) t
				WHERE t.capacity <> coalesce(d.capacity, 0)
					OR t.reserved <> (SELECT coalesce(sum(n.amount), 0) FROM model_take n WHERE n.day = d.day))
			OR EXISTS (SELECT FROM arbiter_check('model')) THEN
			RAISE EXCEPTION 'step %: after % the rows are not what the model says', step, command;
		END IF;
		COMMIT;
		-- a share is one stretch: parts in the order of time, next to each other, each with another amount
		IF EXISTS (
			SELECT FROM (
				SELECT v.during, v.amount, lead(v.during) OVER w AS next_during, lead(v.amount) OVER w AS next_amount
				FROM arbiter_reservation v
				WHERE v.resource_id = arbiter_resource_id('model') AND v.status = 'confirmed' AND v.share IS NOT NULL
				WINDOW w AS (PARTITION BY v.reservation_id ORDER BY v.part)) p
			WHERE upper(p.during) <> lower(p.next_during) OR p.amount = p.next_amount) THEN
			RAISE EXCEPTION 'step %: after % the parts are not in order', step, command;
		END IF;
	END LOOP;
END
$$;
SELECT setseed(0.42);
CALL play(400);
-- every action was done, and each refusal seen that there can be
SELECT action, array_agg(DISTINCT coalesce(code, 'done') ORDER BY coalesce(code, 'done')) FROM outcome GROUP BY action ORDER BY action;
SELECT max(part) > 5 FROM arbiter_reservation WHERE resource_id = arbiter_resource_id('model');
SELECT * FROM arbiter_check();
DROP PROCEDURE play(integer);
DROP TABLE model_day, model_booking, model_take, model_next, next_day, outcome;
SELECT arbiter_drop_resource('model', true);
