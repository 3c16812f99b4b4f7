-- arbiter_find_slot, arbiter_find_slot_all: when could I have it?
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('slot') > 0;
SELECT arbiter_set_capacity('slot', '2086-01-01', '2086-02-01', 4);
SELECT arbiter_reserve('slot', '2086-01-01', '2086-01-03 12:34:56.789012', 2) > 0;
SELECT arbiter_reserve('slot', '2086-01-05', '2086-01-06', 4) > 0;
SELECT arbiter_reserve('slot', '2086-01-06 03:00', '2086-01-07', 1) > 0;

-- from now on: nothing before the schedule begins
SELECT * FROM arbiter_find_slot('slot', 1, '1 h');
-- an exact start, to the microsecond
SELECT * FROM arbiter_find_slot('slot', 3, '1 h', '2086-01-01');
-- any instant will do, not only one at which something changes
SELECT * FROM arbiter_find_slot('slot', 2, '1 h', '2086-01-02 01:23:45.678901');
SELECT * FROM arbiter_find_slot('slot', 4, '1 h', '2086-01-06 02:00');
SELECT * FROM arbiter_find_slot('slot', 4, '1 h', '2086-01-06 02:00:00.000001');
-- as long as the gap, and longer
SELECT * FROM arbiter_find_slot('slot', 4, '3 h', '2086-01-05');
SELECT * FROM arbiter_find_slot('slot', 4, '3 h 0.000001 s', '2086-01-05');
-- all the windows, the last one to the end of the schedule
SELECT * FROM arbiter_find_slot('slot', 4, '1 h', '2086-01-01', max_results => 10);
SELECT * FROM arbiter_find_slot('slot', 1, '1 h', '2086-01-01', max_results => 10);
SELECT * FROM arbiter_find_slot('slot', 4, '1 h', '2086-01-01', max_results => 2);
-- a slot is from "after" to "before": it may start and end there
SELECT * FROM arbiter_find_slot('slot', 4, '3 h', '2086-01-06', '2086-01-06 03:00');
SELECT * FROM arbiter_find_slot('slot', 4, '3 h', '2086-01-06', '2086-01-06 02:59:59.999999');
SELECT * FROM arbiter_find_slot('slot', 4, '1 h', '2086-01-06', '2086-01-06 03:00');
SELECT * FROM arbiter_find_slot('slot', 1, '1 day', '2086-01-08', '2086-01-10');
SELECT * FROM arbiter_find_slot('slot', 1, '1 day', '2086-01-31', 'infinity');
SELECT * FROM arbiter_find_slot('slot', 1, '1 day', '2086-01-31 00:00:00.000001', 'infinity');
-- nothing: too much, too long, or after the end of everything
SELECT * FROM arbiter_find_slot('slot', 5, '1 s', '2086-01-01');
SELECT * FROM arbiter_find_slot('slot', 9223372036854775807, '1 us', '2086-01-01');
SELECT * FROM arbiter_find_slot('slot', 1, '32 days', '2020-01-01');
SELECT * FROM arbiter_find_slot('slot', 1, '1000000 days', '2086-01-01');
SELECT * FROM arbiter_find_slot('slot', 1, '100000000 days', '2086-01-01', '2086-03-01');
SELECT * FROM arbiter_find_slot('slot', 1, '1 h', '2096-01-01');
-- no bounds at all
SELECT * FROM arbiter_find_slot('slot', 3, '1 h', '-infinity', 'infinity', 10);
-- without a schedule
SELECT arbiter_create_resource('slot.bare') > 0;
SELECT * FROM arbiter_find_slot('slot.bare', 1, '1 h', '-infinity');
-- without an end: any start will do for ever
SELECT arbiter_create_resource('slot.open') > 0;
SELECT arbiter_set_capacity('slot.open', '2000-01-01', 'infinity', 2);
SELECT arbiter_reserve('slot.open', '2086-01-01', '2086-01-02', 2) > 0;
SELECT * FROM arbiter_find_slot('slot.open', 2, '1 h', '2085-12-31 12:00', max_results => 5);
SELECT * FROM arbiter_find_slot('slot.open', 2, '1 h', '2085-12-31 12:00', '2096-01-01', max_results => 5);
SELECT arbiter_reserve('slot.open', '2087-01-01', 'infinity', 1) > 0;
SELECT * FROM arbiter_find_slot('slot.open', 2, '1 h', '2085-12-31 12:00', max_results => 5);
SELECT * FROM arbiter_find_slot('slot.open', 1, '100000 days', '2086-01-01 12:00', max_results => 5);
-- NULL, and the default: now
SELECT start_time = statement_timestamp(), end_time - start_time, latest_start < '2086-01-01' FROM arbiter_find_slot('slot.open', 1, '36 h', NULL);
SELECT start_time = now(), end_time - start_time FROM arbiter_find_slot('slot.open', 1, '36 h');
SELECT start_time = now() - interval '1 h' FROM arbiter_find_slot('slot.open', 1, '36 h', now() - interval '1 h');
-- a day is 24 hours, also when clocks change
SET timezone TO 'Europe/Berlin';
SELECT * FROM arbiter_find_slot('slot', 1, '1 day', '2086-01-10');
SELECT * FROM arbiter_find_slot('slot.open', 1, '1 day', '2086-03-31');
SET timezone TO 'UTC';

--
-- Options
--
-- lead time: the start is not before it, whatever "after" says
SELECT arbiter_create_resource('slot.lead', min_lead => '2 h') > 0;
SELECT arbiter_set_capacity('slot.lead', '2000-01-01', 'infinity', 2);
SELECT start_time = statement_timestamp() + interval '2 h' FROM arbiter_find_slot('slot.lead', 1, '1 h');
SELECT start_time = statement_timestamp() + interval '2 h' FROM arbiter_find_slot('slot.lead', 1, '1 h', '2001-01-01');
SELECT start_time = statement_timestamp() + interval '3 h' FROM arbiter_find_slot('slot.lead', 1, '1 h', statement_timestamp() + interval '3 h');
SELECT count(*) FROM arbiter_find_slot('slot.lead', 1, '1 h', '2001-01-01', '2001-02-01');
SELECT count(*) FROM arbiter_find_slot('slot.lead', 1, '1 h', now(), now() + interval '2 h 59 min');
-- granularity: start and end are on the grid, so the slot may be longer
SELECT arbiter_create_resource('slot.grid', granularity => '15 min') > 0;
SELECT arbiter_set_capacity('slot.grid', '2086-01-01 00:05', '2086-01-02 00:05', 2);
SELECT * FROM arbiter_find_slot('slot.grid', 1, '20 min', '2086-01-01');
SELECT * FROM arbiter_find_slot('slot.grid', 1, '30 min', '2086-01-01 03:00');
SELECT * FROM arbiter_find_slot('slot.grid', 1, '1 us', '2086-01-01 03:00:00.000001');
SELECT * FROM arbiter_find_slot('slot.grid', 1, '20 min', '2086-01-01 03:00', '2086-01-01 03:29');
SELECT * FROM arbiter_find_slot('slot.grid', 1, '20 min', '2086-01-01 03:00', '2086-01-01 03:30');
-- setup and cleanup count, the slot is what the user has
SELECT arbiter_create_resource('slot.buffer', setup_time => '1 h', cleanup_time => '30 min') > 0;
SELECT arbiter_set_capacity('slot.buffer', '2086-01-01', '2086-01-02', 1);
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '2 h', '2085-01-01', max_results => 3);
SELECT arbiter_reserve('slot.buffer', '2086-01-01 10:00', '2086-01-01 12:00', 1) > 0;
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '2 h', '2085-01-01', max_results => 3);
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '7 h 30 min', '2085-01-01', max_results => 3);
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '10 h', '2085-01-01', max_results => 3);
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '10 h 1 us', '2085-01-01', max_results => 3);
-- before bounds the slot, cleanup may come after it
SELECT * FROM arbiter_find_slot('slot.buffer', 1, '2 h', '2086-01-01 06:30', '2086-01-01 08:30', max_results => 3);
-- the float is for those who try
SELECT arbiter_create_resource('slot.float', float_percent => 15) > 0;
SELECT arbiter_set_capacity('slot.float', '2086-01-01', '2086-01-02', 10);
SELECT arbiter_set_capacity('slot.float', '2086-01-02', '2086-01-03', 20);
SELECT * FROM arbiter_find_slot('slot.float', 9, '1 h', '2086-01-01', max_results => 3);
SELECT * FROM arbiter_find_slot('slot.float', 9, '1 h', '2086-01-01', max_results => 3, tryout => true);
-- a hold that has expired is free, whatever the timeline has
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES
	(id_of('slot.float'), '[2086-01-01 06:00,2086-01-01 12:00)', 5, 'held', '2020-01-01'),
	(id_of('slot.float'), '[2086-01-01 06:00,2086-01-01 09:00)', 1, 'held', '2100-01-01');
SELECT * FROM arbiter_find_slot('slot.float', 8, '1 h', '2086-01-01 07:00', max_results => 3);

--
-- Several resources
--
SELECT arbiter_create_resource('slot.a') > 0;
SELECT arbiter_create_resource('slot.b') > 0;
SELECT arbiter_set_capacity('slot.a', '2086-01-01', '2086-01-10', 1);
SELECT arbiter_set_capacity('slot.b', '2086-01-01', '2086-01-10', 1);
SELECT arbiter_reserve('slot.a', '2086-01-01', '2086-01-02', 1) > 0;
SELECT arbiter_reserve('slot.b', '2086-01-02', '2086-01-03', 1) > 0;
SELECT arbiter_reserve('slot.a', '2086-01-03 06:00', '2086-01-03 18:00', 1) > 0;
SELECT arbiter_reserve('slot.b', '2086-01-05', '2086-01-08', 1) > 0;
SELECT arbiter_reserve('slot.a', '2086-01-06', '2086-01-07', 1) > 0;
SELECT * FROM arbiter_find_slot_all('{"slot.a": 1, "slot.b": 1}', '3 h', '2086-01-01', max_results => 9);
SELECT * FROM arbiter_find_slot_all('{"slot.b": 1, "slot.a": 1}', '3 h', '2086-01-01', max_results => 9);
SELECT * FROM arbiter_find_slot_all('{"slot.b": 1, "slot.a": 1}', '12 h', '2086-01-01', '2086-01-05', max_results => 9);
SELECT * FROM arbiter_find_slot_all('{"slot.b": 1, "slot.a": 2}', '12 h', '2086-01-01', max_results => 9);
SELECT * FROM arbiter_find_slot_all('{"slot.b": 1}', '2 days', '2086-01-01', max_results => 9);
-- one after the other blocks the other's next free hour, more than a thousand times
SELECT arbiter_create_resource('slot.odd') > 0;
SELECT arbiter_create_resource('slot.even') > 0;
SELECT arbiter_set_capacity('slot.odd', '2086-01-01', '2086-06-01', 1);
SELECT arbiter_set_capacity('slot.even', '2086-01-01', '2086-06-01', 1);
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT CASE WHEN n % 2 = 1 THEN id_of('slot.odd') ELSE id_of('slot.even') END,
	tstzrange(timestamptz '2086-01-01' + n * interval '1 h', timestamptz '2086-01-01' + (n + 1) * interval '1 h'), 1
FROM generate_series(0, 3000) n;
SELECT * FROM arbiter_find_slot_all('{"slot.odd": 1, "slot.even": 1}', '1 us', '2086-01-01', max_results => 2);
SELECT * FROM arbiter_find_slot_all('{"slot.odd": 1, "slot.open": 1}', '1 h', '2086-01-01', max_results => 2);
-- grids that meet now and then, and lead times
SELECT arbiter_alter_resource('slot.a', granularity => '3 h');
SELECT arbiter_alter_resource('slot.b', granularity => '5 h');
SELECT *, extract(epoch FROM start_time)::bigint % (15 * 3600) FROM arbiter_find_slot_all('{"slot.a": 1, "slot.b": 1}', '3 h', '2086-01-01', max_results => 9);
SELECT *, extract(epoch FROM start_time)::bigint % (3 * 3600) FROM arbiter_find_slot_all('{"slot.a": 1, "slot.open": 1}', '3 h', '2086-01-01', '2086-01-06', max_results => 9);
-- ... or never
SELECT arbiter_alter_resource('slot.a', granularity => '23:59:59.999999');
SELECT arbiter_alter_resource('slot.b', granularity => '23:59:59.999977');
SELECT * FROM arbiter_find_slot_all('{"slot.a": 1, "slot.b": 1}', '3 h', '2086-01-01');
SELECT arbiter_alter_resource('slot.a', clear => '{granularity}');
SELECT arbiter_alter_resource('slot.b', clear => '{granularity}', min_lead => '100 years');
SELECT count(*) FROM arbiter_find_slot_all('{"slot.a": 1, "slot.b": 1}', '3 h', '2086-01-01');
SELECT arbiter_alter_resource('slot.lead', min_lead => '100 years');
SELECT start_time = statement_timestamp() + interval '100 years' FROM arbiter_find_slot_all('{"slot.lead": 1, "slot.open": 1}', '3 h', '2086-01-01');

--
-- What is refused
--
SELECT outcome($$ SELECT arbiter_find_slot(NULL, 1, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', NULL, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', before => NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', max_results => NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', tryout => NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot.none', 1, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 0, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', -1, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '0') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '-1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 day -24 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 month') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 year -12 months') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 month -1 day') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '2000000000 days') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', '2086-01-02', '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', '2086-01-02', '2086-01-02') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', NULL, '2001-01-01') $$, mask => true);
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h', max_results => 0) $$);
SELECT outcome($$ SELECT arbiter_find_slot_all(NULL, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', '1 h', before => NULL) $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', '1 month') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', '1 h', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', '1 h', max_results => -1) $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{}', '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('[]', '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1.5}', '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 0}', '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1, "slot.none": 1}', '1 h') $$);

-- who may: nobody but those who were granted
CREATE ROLE slot_reader;
SET ROLE slot_reader;
SELECT outcome($$ SELECT arbiter_find_slot('slot', 1, '1 h') $$);
SELECT outcome($$ SELECT arbiter_find_slot_all('{"slot": 1}', '1 h') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_find_slot, arbiter_find_slot_all TO slot_reader;
SET ROLE slot_reader;
SELECT * FROM arbiter_find_slot('slot', 3, '1 h', '2086-01-01');
SELECT * FROM arbiter_find_slot_all('{"slot": 3, "slot.open": 1}', '1 h', '2086-01-01');
RESET ROLE;
DROP OWNED BY slot_reader;
DROP ROLE slot_reader;

-- readers: no write, whatever is asked, also of what is not built
INSERT INTO arbiter_resource (resource_id, name, setup_time) VALUES (9391, 'slot.unbuilt', '1 h');
COPY arbiter_capacity FROM stdin;
9391	[2086-01-01,2086-02-01)	10
\.
COPY arbiter_reservation (reservation_id, resource_id, during, amount) FROM stdin;
-9391	9391	[2086-01-01,2086-01-03)	6
\.
BEGIN READ ONLY;
SELECT * FROM arbiter_find_slot('slot.unbuilt', 7, '1 h', '2086-01-01', max_results => 5);
SELECT * FROM arbiter_find_slot_all('{"slot.unbuilt": 7, "slot": 3}', '1 h', '2086-01-01', max_results => 5);
COMMIT;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9391;
SELECT provolatile, proparallel, count(*) FROM pg_proc WHERE proname LIKE 'arbiter\_find\_slot%' GROUP BY 1, 2;

--
-- Against an oracle: everything here happens at multiples of ten minutes, so
-- that every one of them can be tried.
--
CREATE TEMPORARY TABLE cell (resource text, t timestamptz, available bigint, kept_back bigint, PRIMARY KEY (resource, t));

-- what is free in each cell, from the base tables alone
CREATE PROCEDURE fill_cells() LANGUAGE sql AS $$
	TRUNCATE cell;
	INSERT INTO cell
	SELECT r.name, t, coalesce(sum(e.amount), 0), coalesce(ceil(sum(e.declared) * r.float_percent / 100), 0)
	FROM arbiter_resource r CROSS JOIN generate_series(timestamptz '2085-12-30', timestamptz '2086-01-14', interval '10 min') t
	LEFT JOIN (
		SELECT c.resource_id, t, c.amount, c.amount AS declared
		FROM arbiter_capacity c, generate_series(lower(c.during), upper(c.during) - interval '10 min', interval '10 min') t
		WHERE c.resource_id IN (SELECT resource_id FROM arbiter_resource WHERE name LIKE 'slot.random.%')
		UNION ALL
		SELECT v.resource_id, t, - v.amount, 0
		FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id), generate_series(lower(v.during) - coalesce(r.setup_time, '0'),
			upper(v.during) + coalesce(r.cleanup_time, '0') - interval '10 min', interval '10 min') t
		WHERE r.name LIKE 'slot.random.%' AND (v.status = 'confirmed' OR v.status = 'held' AND v.expires_at > now())
	) e USING (resource_id, t)
	WHERE r.name LIKE 'slot.random.%'
	GROUP BY r.name, t, r.float_percent;
	ANALYZE cell;
$$;

-- try every start, one after the other; instants are numbers of cells
CREATE FUNCTION naive_slots(requirements jsonb, duration interval, after timestamptz, before timestamptz, tryout boolean)
RETURNS TABLE (start_time timestamptz, end_time timestamptz, latest_start timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	origin timestamptz := (SELECT min(c.t) FROM cell c);
	cells int := (SELECT count(DISTINCT c.t) FROM cell c);
	grain int[];		-- by requirement, as are these
	setup int[];
	cleanup int[];
	short int[];		-- how many cells up to each have too little; one requirement after the other
	n int;
	length int;
	last int := extract(epoch FROM before - origin) / 600;
	fits boolean;
	earliest int;
	latest int;
BEGIN
	SELECT array_agg(extract(epoch FROM coalesce(r.granularity, '10 min')) / 600 ORDER BY r.name),
		array_agg(extract(epoch FROM coalesce(r.setup_time, '0')) / 600 ORDER BY r.name),
		array_agg(extract(epoch FROM coalesce(r.cleanup_time, '0')) / 600 ORDER BY r.name)
	INTO grain, setup, cleanup
	FROM arbiter_resource r WHERE requirements ? r.name;
	short := ARRAY(
		SELECT count(*) FILTER (WHERE c.available - CASE WHEN tryout THEN 0 ELSE c.kept_back END < (requirements ->> c.resource)::bigint)
			OVER (PARTITION BY c.resource ORDER BY c.t)
		FROM cell c WHERE requirements ? c.resource ORDER BY c.resource, c.t);
	n := cardinality(grain);
	length := extract(epoch FROM duration) / 600;
	WHILE EXISTS (SELECT FROM unnest(grain) g WHERE length % g <> 0) LOOP
		length := length + 1;
	END LOOP;
	FOR at IN extract(epoch FROM after - origin) / 600 .. last - length LOOP
		-- the origin is on every grid there is
		CONTINUE WHEN EXISTS (SELECT FROM unnest(grain) g WHERE at % g <> 0);
		fits := true;
		FOR i IN 1 .. n LOOP
			fits := fits AND short[(i - 1) * cells + at - setup[i]] = short[(i - 1) * cells + at + length + cleanup[i]];
		END LOOP;
		IF fits THEN
			earliest := coalesce(earliest, at);
			latest := at;
		END IF;
		IF earliest IS NOT NULL AND NOT fits THEN
			RETURN QUERY SELECT origin + earliest * interval '10 min', origin + (earliest + length) * interval '10 min', origin + latest * interval '10 min';
			earliest := NULL;
		END IF;
	END LOOP;
	IF earliest IS NOT NULL THEN
		RETURN QUERY SELECT origin + earliest * interval '10 min', origin + (earliest + length) * interval '10 min', origin + latest * interval '10 min';
	END IF;
END
$$;

SELECT setseed(0.20300101);
SELECT arbiter_create_resource('slot.random.1') > 0;
SELECT arbiter_create_resource('slot.random.2', granularity => '30 min') > 0;
SELECT arbiter_create_resource('slot.random.3', setup_time => '20 min', cleanup_time => '50 min') > 0;
SELECT arbiter_create_resource('slot.random.4', float_percent => 15) > 0;
SELECT arbiter_create_resource('slot.random.5', granularity => '40 min', setup_time => '30 min', cleanup_time => '10 min', float_percent => 33.33) > 0;
SELECT arbiter_create_resource('slot.random.6', granularity => '1 h', cleanup_time => '3 h') > 0;
-- many short ones: slots are longer than chunks
SELECT arbiter_create_resource('slot.random.7') > 0;
-- chunks as small as can be
SET arbiter.chunk_steps TO 32;

CREATE PROCEDURE fill_resources() LANGUAGE plpgsql AS $$
DECLARE
	s timestamptz;
	r record;
BEGIN
	FOR r IN SELECT name, resource_id, floor(random() * 200)::int AS bookings FROM arbiter_resource WHERE name LIKE 'slot.random._' AND name <> 'slot.random.7' ORDER BY name LOOP
		DELETE FROM arbiter_reservation WHERE resource_id = r.resource_id;
		PERFORM arbiter_set_capacity(r.name, '2085-12-01', '2086-03-01', NULL);
		FOR n IN 1 .. 6 LOOP
			s := timestamptz '2085-12-31 12:00' + floor(random() * 12 * 144) * interval '10 min';
			PERFORM arbiter_set_capacity(r.name, s, s + (1 + floor(random() * 1000)) * interval '10 min', (5 + random() * 15)::bigint);
		END LOOP;
		FOR n IN 1 .. r.bookings LOOP
			s := timestamptz '2085-12-31' + floor(random() * 13 * 12) * interval '2 h';
			BEGIN
				INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at, tryout)
				SELECT r.resource_id, tstzrange(s, s + length), amount, CASE WHEN held < 2 THEN 'held' ELSE 'confirmed' END,
					CASE held WHEN 0 THEN timestamptz '2020-01-01' WHEN 1 THEN timestamptz '2100-01-01' END, random() < 0.5
				FROM (SELECT (1 + floor(random() * random() * 12)) * interval '2 h' AS length, (1 + random() * 6)::bigint AS amount, floor(random() * 5)::int AS held) b;
			EXCEPTION WHEN SQLSTATE 'RV001' OR SQLSTATE 'RV002' THEN
				NULL;
			END;
		END LOOP;
	END LOOP;
	DELETE FROM arbiter_reservation WHERE resource_id = id_of('slot.random.7');
	PERFORM arbiter_set_capacity('slot.random.7', '2085-12-31', '2086-01-13', 13);
	INSERT INTO arbiter_reservation (resource_id, during, amount)
	SELECT id_of('slot.random.7'), tstzrange(start_time, start_time + length), 1
	FROM (SELECT timestamptz '2085-12-31' + n % 1700 * interval '10 min' AS start_time, (1 + floor(random() * 3)) * interval '10 min' AS length
		FROM generate_series(1, 4000) n OFFSET 0) b;
	CALL fill_cells();
END
$$;

CREATE PROCEDURE compare_slots(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	found int := 0;
	rows int;
	differs boolean;
	q record;
	d record;
BEGIN
	FOR n IN 1 .. rounds LOOP
		SELECT jsonb_object_agg('slot.random.' || i, (CASE i WHEN 7 THEN 6 + floor(random() * 4) ELSE 1 + floor(random() * random() * 11) END)::bigint) AS requirements INTO q
		FROM generate_series(1, 7) i WHERE random() < 0.2 OR i = 1 + n % 7;
		FOR d IN SELECT q.requirements, length, after, after + (1 + random() * 1500)::int * interval '10 min' AS before, random() < 0.4 AS tryout
			FROM (SELECT (1 + floor(random() * random() * 60)) * interval '10 min' AS length,
				timestamptz '2085-12-31' + floor(random() * random() * 1500) * interval '10 min' AS after) a
		LOOP
			WITH naive AS MATERIALIZED (
				SELECT * FROM naive_slots(d.requirements, d.length, d.after, least(d.before, '2086-01-12'), d.tryout)
			), slot AS MATERIALIZED (
				SELECT * FROM arbiter_find_slot_all(d.requirements, d.length, d.after, least(d.before, '2086-01-12'), 10000, d.tryout)
			), difference AS (
				(TABLE naive EXCEPT TABLE slot) UNION ALL (TABLE slot EXCEPT TABLE naive)
			)
			SELECT (SELECT count(*) FROM naive), EXISTS (TABLE difference) INTO rows, differs;
			found := found + rows;
			IF differs THEN
				RAISE WARNING 'differs: arbiter_find_slot_all(%, %, %, %, 10000, %)', quote_literal(d.requirements),
					quote_literal(d.length), quote_literal(d.after), quote_literal(least(d.before, '2086-01-12')), d.tryout;
			END IF;
			IF (SELECT count(*) FROM jsonb_object_keys(d.requirements)) = 1 AND EXISTS (
				SELECT * FROM (SELECT k.key AS resource, k.value::bigint AS amount FROM jsonb_each_text(d.requirements) k) k,
					arbiter_find_slot(k.resource, k.amount, d.length, d.after, least(d.before, '2086-01-12'), 3, d.tryout)
				EXCEPT
				SELECT k.key, k.value::bigint, s.* FROM jsonb_each_text(d.requirements) k,
					arbiter_find_slot_all(d.requirements, d.length, d.after, least(d.before, '2086-01-12'), 3, d.tryout) s)
			THEN
				RAISE WARNING 'one resource differs: %', d;
			END IF;
		END LOOP;
	END LOOP;
	IF found < rounds THEN
		RAISE WARNING 'only % windows', found;
	END IF;
END
$$;

-- each of its answers is granted, first and last, and none just before or after
CREATE PROCEDURE take_slots(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	taken int := 0;
	q record;
	s record;
	l interval;
	try boolean;
	granted boolean;
BEGIN
	FOR n IN 1 .. rounds LOOP
		SELECT jsonb_object_agg('slot.random.' || i, (1 + floor(random() * random() * 10))::bigint) AS requirements INTO q
		FROM generate_series(1, 7) i WHERE random() < 0.2 OR i = 1 + n % 7;
		l := (1 + floor(random() * random() * 60)) * interval '10 min';
		try := random() < 0.4;
		FOR s IN SELECT *, lead(f.start_time) OVER () AS next_start, row_number() OVER () AS number
			FROM arbiter_find_slot_all(q.requirements, l, '2085-12-01', '2086-06-01', 4, try) f
		LOOP
			l := s.end_time - s.start_time;
			BEGIN
				PERFORM arbiter_reserve_all(q.requirements, s.start_time, s.end_time, tryout => try);
				RAISE EXCEPTION USING ERRCODE = 'P0099';
			EXCEPTION WHEN SQLSTATE 'P0099' THEN
				taken := taken + 1;
			END;
			BEGIN
				PERFORM arbiter_reserve_all(q.requirements, s.latest_start, s.latest_start + l, tryout => try);
				RAISE EXCEPTION USING ERRCODE = 'P0099';
			EXCEPTION WHEN SQLSTATE 'P0099' THEN
				taken := taken + 1;
			END;
			-- one grid of all is 2 hours
			granted := (arbiter_try_reserve_all(q.requirements, s.start_time - interval '2 h', s.end_time - interval '2 h', tryout => try)).granted;
			IF granted AND s.number = 1 AND (try OR NOT q.requirements ?| '{slot.random.4,slot.random.5}') THEN
				RAISE WARNING 'an earlier slot: % % %', q.requirements, s, try;
			END IF;
			IF granted THEN
				PERFORM arbiter_cancel(max(reservation_id)) FROM arbiter_reservation;
			END IF;
		END LOOP;
	END LOOP;
	IF taken < 2 * rounds THEN
		RAISE WARNING 'only % taken', taken;
	END IF;
END
$$;

CALL fill_resources();
CALL compare_slots(25);
CALL take_slots(30);
CALL fill_resources();
CALL compare_slots(25);
CALL fill_resources();
CALL compare_slots(25);
CALL take_slots(30);
RESET arbiter.chunk_steps;
CALL fill_resources();
CALL compare_slots(25);
-- computed in memory it is the same
DELETE FROM arbiter_timeline WHERE resource_id IN (SELECT resource_id FROM arbiter_resource WHERE name LIKE 'slot.random.%');
CALL compare_slots(14);
SELECT arbiter_rebuild(name) > 0 FROM arbiter_resource WHERE name LIKE 'slot.random.%' ORDER BY name;
CALL compare_slots(14);
SELECT * FROM arbiter_check();
DROP PROCEDURE compare_slots, take_slots, fill_resources, fill_cells;
DROP FUNCTION naive_slots;
-- other tests do arithmetic on all reservations
SELECT arbiter_drop_resource('slot.open', true);
