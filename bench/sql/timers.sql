-- Timing inside the server: no protocol, no driver.
--
-- bench_timer(name, statement) makes a procedure time_<name> that runs the
-- statement many times through its kept plan and gives the mean microseconds
-- of one run.  The statement sees resource, resource_name, start_time and
-- end_time, drawn anew for each call.  time_nothing is what the drawing and
-- the loop cost.

CREATE FUNCTION bench_variables() RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'resource integer; resource_name text; slot integer;
		start_time timestamptz; end_time timestamptz; id bigint;' $$;

CREATE FUNCTION bench_draw() RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'resource := 1 + floor(random() * resources);
		resource_name := resource;
		slot := floor(random() * slots);
		start_time := bench_slot(slot);
		end_time := bench_slot(slot + coalesce(length_in_slots,
			6 + floor(random() * 13)::int));' $$;

CREATE PROCEDURE bench_timer(name text, statement text)
LANGUAGE plpgsql AS $factory$
BEGIN
	EXECUTE format($procedure$
		CREATE PROCEDURE %I(calls integer, commit_every integer,
			resources integer DEFAULT 1, slots integer DEFAULT 105000,
			length_in_slots integer DEFAULT NULL, INOUT microseconds numeric DEFAULT NULL)
		LANGUAGE plpgsql AS $$
		DECLARE
			began timestamptz := clock_timestamp();
			%s
			answer record;
		BEGIN
			FOR i IN 1 .. calls LOOP
				%s
				%s;
				IF i %% commit_every = 0 THEN
					COMMIT;
				END IF;
			END LOOP;
			COMMIT;
			microseconds := round(extract(epoch FROM clock_timestamp() - began)
				* 1000000 / calls, 2);
		END
		$$
	$procedure$, 'time_' || name, bench_variables(), bench_draw(), statement);
END
$factory$;

-- What a call costs after a rest.  While a session waits for the disk, as after
-- every commit, the processor does something else, and forgets what it had at
-- hand.  time_rested_<name> gives the median of calls with 0.2 ms before each.
CREATE PROCEDURE bench_rested_timer(name text, statement text)
LANGUAGE plpgsql AS $factory$
BEGIN
	EXECUTE format($procedure$
		CREATE PROCEDURE %I(calls integer, resources integer, slots integer DEFAULT 105000,
			length_in_slots integer DEFAULT NULL, INOUT microseconds numeric DEFAULT NULL)
		LANGUAGE plpgsql AS $$
		DECLARE
			began timestamptz;
			took numeric[];
			%s
		BEGIN
			FOR i IN 1 .. calls LOOP
				%s
				PERFORM pg_sleep(0.0002);
				began := clock_timestamp();
				%s;
				took[i] := extract(epoch FROM clock_timestamp() - began) * 1000000;
				COMMIT;
			END LOOP;
			SELECT round(percentile_disc(0.5) WITHIN GROUP (ORDER BY t)) INTO microseconds FROM unnest(took) t;
		END
		$$
	$procedure$, 'time_rested_' || name, bench_variables(), bench_draw(), statement);
END
$factory$;

CALL bench_timer('nothing', 'NULL');

CALL bench_timer('f0', $$
	INSERT INTO bench_f0 (resource_id, during, amount, user_id)
	VALUES (resource, tstzrange(start_time, end_time), 1, 'bench')
$$);
CALL bench_rested_timer('f0', $$
	INSERT INTO bench_f0 (resource_id, during, amount, user_id)
	VALUES (resource, tstzrange(start_time, end_time), 1, 'bench')
$$);

CALL bench_timer('p1', $$
	id := bench_p1_reserve(resource, start_time, end_time, 1, 'bench')
$$);

CALL bench_timer('raw', $$
	INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
	VALUES (resource, tstzrange(start_time, end_time), 1, 'bench')
$$);

CALL bench_timer('arbiter', $$
	id := arbiter_reserve(resource_name, start_time, end_time, 1, 'bench')
$$);
CALL bench_rested_timer('arbiter', $$
	id := arbiter_reserve(resource_name, start_time, end_time, 1, 'bench')
$$);

-- a commit between the two, as between a basket and its payment
CALL bench_timer('hold_confirm', $$
	id := arbiter_hold(resource_name, start_time, end_time, 1, '1 hour', 'bench');
	COMMIT;
	resource_name := arbiter_confirm(id)
$$);

CALL bench_timer('one_part', $$
	id := arbiter_reserve_all('{"1": 1}', start_time, end_time, 'bench')
$$);

CALL bench_timer('three_parts', $$
	id := arbiter_reserve_all('{"1": 1, "2": 1, "3": 1}', start_time, end_time, 'bench')
$$);

CALL bench_timer('five_parts', $$
	id := arbiter_reserve_all('{"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}', start_time, end_time, 'bench')
$$);

CALL bench_timer('weekly', $$
	SELECT count(*) INTO id
	FROM arbiter_reserve_series(resource_name, 1, end_time - start_time,
		'FREQ=WEEKLY;COUNT=52', start_time, 'Europe/London', user_id => 'bench')
$$);

CALL bench_timer('by_template', $$
	id := arbiter_reserve_template('large', 1, start_time, end_time, 'bench')
$$);

-- 2,160 hourly buckets
CALL bench_timer('fits_calendar', $$
	SELECT count(c.fits) INTO id
	FROM arbiter_fits_calendar('large', start_time, start_time + interval '2160 hours',
		interval '1 hour') c
$$);

CALL bench_timer('granted', $$
	answer := arbiter_try_reserve(resource_name, start_time, end_time, 1, 'bench')
$$);

-- More than the year of the case has free for an hour anywhere.
CALL bench_timer('refused', $$
	answer := arbiter_try_reserve(resource_name, start_time, end_time, 1000000000, 'bench')
$$);

CALL bench_timer('available', $$
	id := arbiter_available(resource_name, start_time, end_time)
$$);

-- 720 hourly buckets; the whole row is made, whatever of it is asked for.
CALL bench_timer('buckets', $$
	SELECT count(c.available_min) INTO id
	FROM arbiter_calendar(resource_name, start_time, start_time + interval '720 hours',
		interval '1 hour') c
$$);

-- The same columns from the reservations in one pass.  It knows what a general
-- one could not: that no booking is longer than ninety minutes, so that an
-- index on the start finds all it needs, and that capacity is constant.
CREATE FUNCTION bench_calendar(resource integer, start_time timestamptz, hours integer)
RETURNS TABLE (bucket integer, reserved_min bigint, reserved_max bigint, reserved_avg numeric,
	available_min bigint, available_max bigint, available_avg numeric)
LANGUAGE SQL STABLE AS $$
	WITH event (instant, change) AS (
		SELECT greatest(lower(v.during), start_time), v.amount
		FROM arbiter_reservation v
		WHERE v.resource_id = resource AND lower(v.during) > start_time - interval '90 minutes'
			AND lower(v.during) < start_time + hours * interval '1 hour'
			AND v.during && tstzrange(start_time, start_time + hours * interval '1 hour')
			AND v.status IN ('held', 'confirmed')
		UNION ALL
		SELECT least(upper(v.during), start_time + hours * interval '1 hour'), - v.amount
		FROM arbiter_reservation v
		WHERE v.resource_id = resource AND lower(v.during) > start_time - interval '90 minutes'
			AND lower(v.during) < start_time + hours * interval '1 hour'
			AND v.during && tstzrange(start_time, start_time + hours * interval '1 hour')
			AND v.status IN ('held', 'confirmed')
		UNION ALL
		SELECT start_time + hour * interval '1 hour', 0
		FROM generate_series(0, hours - 1) hour
	), change (instant, change) AS (
		SELECT e.instant, sum(e.change) FROM event e GROUP BY e.instant
	), step (instant, seconds, reserved) AS (
		SELECT c.instant,
			extract(epoch FROM lead(c.instant, 1, start_time + hours * interval '1 hour')
				OVER w - c.instant),
			sum(c.change) OVER w
		FROM change c WINDOW w AS (ORDER BY c.instant)
	)
	SELECT b.*, capacity.amount - b.reserved_max, capacity.amount - b.reserved_min,
		capacity.amount - b.reserved_avg
	FROM (
		SELECT floor(extract(epoch FROM s.instant - start_time) / 3600)::int AS bucket,
			min(s.reserved)::bigint AS reserved_min, max(s.reserved)::bigint AS reserved_max,
			round(sum(s.reserved * s.seconds) / 3600, 6) AS reserved_avg
		FROM step s
		WHERE s.instant < start_time + hours * interval '1 hour'
		GROUP BY 1
	) b
	CROSS JOIN (SELECT c.amount FROM arbiter_capacity c
		WHERE c.resource_id = bench_calendar.resource) capacity
$$;

CALL bench_timer('buckets_from_rows', $$
	SELECT count(c.available_min) INTO id
	FROM bench_calendar(resource, start_time, 720) c
$$);

-- what is measured must be the same
CREATE FUNCTION bench_calendar_differences(start_time timestamptz)
RETURNS bigint
LANGUAGE SQL STABLE AS $$
	SELECT count(*)
	FROM (
		SELECT row_number() OVER (ORDER BY a.bucket_start) - 1 AS bucket, a.*
		FROM arbiter_calendar('1', start_time, start_time + interval '720 hours', interval '1 hour') a
	) a
	FULL JOIN bench_calendar(1, start_time, 720) b ON b.bucket = a.bucket
	WHERE (a.reserved_min, a.reserved_max, a.reserved_avg, a.available_min, a.available_max,
			a.available_avg) IS DISTINCT FROM
		(b.reserved_min, b.reserved_max, b.reserved_avg, b.available_min, b.available_max,
			b.available_avg)
$$;

-- Two years that are nearly full: the first hour with so much free is at their
-- far end, and nearly every chunk has to be looked into to know that.
CALL bench_timer('find_slot_early', $$
	SELECT s.start_time INTO start_time
	FROM arbiter_find_slot(resource_name, 5, '1 hour', bench_slot(slot)) s
$$);

CALL bench_timer('find_slot_late', $$
	SELECT s.start_time INTO start_time
	FROM arbiter_find_slot(resource_name, 5, '1 hour', bench_slot(189000 + slot)) s
$$);

-- 720 hourly buckets, each the least that is free in its hour.  A step that
-- spans several hours counts in each of them.
CALL bench_timer('buckets_from_steps', $$
	SELECT count(least_free) INTO id
	FROM (
		SELECT min(t.available) AS least_free
		FROM arbiter_timeline(resource_name, start_time, start_time + interval '720 hours') t
		CROSS JOIN LATERAL generate_series(
			floor(extract(epoch FROM lower(t.during) - start_time) / 3600)::int,
			ceil(extract(epoch FROM upper(t.during) - start_time) / 3600)::int - 1) bucket
		GROUP BY bucket
	) b
$$);

CALL bench_timer('buckets_by_call', $$
	SELECT count(arbiter_available(resource_name, start_time + hour * interval '1 hour',
		start_time + (hour + 1) * interval '1 hour')) INTO id
	FROM generate_series(0, 719) hour
$$);

-- One INSERT ... SELECT of so many rows, again and again, commit after each.
CREATE PROCEDURE time_insert_select(bookings integer, commit_every integer,
	INOUT microseconds numeric DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1 .. bookings / commit_every LOOP
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
		SELECT 1, tstzrange(bench_slot(slot), bench_slot(slot + length)), 1, 'bench'
		FROM (
			SELECT floor(random() * 105000)::int AS slot, 6 + floor(random() * 13)::int AS length
			FROM generate_series(1, commit_every)
		) b;
		COMMIT;
	END LOOP;
	microseconds := round(extract(epoch FROM clock_timestamp() - began) * 1000000 / bookings, 2);
END
$$;

-- Reserve and cancel, a commit after each, with a thousand bookings alive.
CREATE PROCEDURE time_churn(pairs integer, INOUT microseconds numeric DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz;
	alive bigint[] := array_fill(NULL::bigint, ARRAY[1000]);
	n integer;
	slot integer;
BEGIN
	FOR i IN 1 .. pairs + 1000 LOOP
		IF i = 1001 THEN
			began := clock_timestamp();
		END IF;
		n := 1 + i % 1000;
		IF alive[n] IS NOT NULL THEN
			PERFORM arbiter_cancel(alive[n]);
			COMMIT;
		END IF;
		slot := floor(random() * 105000);
		alive[n] := arbiter_reserve('1', bench_slot(slot),
			bench_slot(slot + 6 + floor(random() * 13)::int), 1, 'bench');
		COMMIT;
	END LOOP;
	microseconds := round(extract(epoch FROM clock_timestamp() - began) * 1000000 / pairs, 2);
	FOREACH n IN ARRAY ARRAY(SELECT generate_series(1, 1000)) LOOP
		PERFORM arbiter_cancel(alive[n]);
	END LOOP;
END
$$;
