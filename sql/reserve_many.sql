-- arbiter_reserve_many: a batch of requests in one call, one row each.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('many.a') > 0;
SELECT arbiter_create_resource('many.b') > 0;
SELECT arbiter_set_capacity('many.a', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_set_capacity('many.b', '2030-01-01', '2030-02-01', 4);

-- the rows, without the ids
CREATE FUNCTION many(requests jsonb, all_or_nothing boolean DEFAULT false)
RETURNS TABLE (request integer, granted boolean, has_id boolean, reason text, message text,
	limiting_time timestamptz, available bigint, earliest_start timestamptz, largest_amount bigint)
LANGUAGE sql AS $$
	SELECT m.request, m.granted, m.reservation_id IS NOT NULL, m.reason, m.message, m.limiting_time, m.available,
		m.earliest_start, m.largest_amount
	FROM arbiter_reserve_many(requests, all_or_nothing) m
$$;

-- each request is decided after those before it
SELECT * FROM many('[
	{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-10", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-05", "end_time": "2030-01-12", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-05", "end_time": "2030-01-12", "amount": 4, "user_id": "4242"},
	{"resource": "many.b", "start_time": "2030-01-05", "end_time": "2030-01-12", "amount": 5},
	{"resource": "many.b", "start_time": 1893456000, "end_time": 1893542400, "amount": 4},
	{"resource": "many.b", "start_time": "2030-01-31", "end_time": "2030-02-02", "amount": 1}]');
SELECT * FROM booked('many.a');
SELECT * FROM booked('many.b');
-- refusals are logged as those of arbiter_try_reserve()
SELECT r.name, d.during, d.amount, d.reason, d.message, d.limiting_time, d.available, d.earliest_start, d.largest_amount
FROM arbiter_denial d JOIN arbiter_resource r USING (resource_id) WHERE denial_id > :before ORDER BY denial_id;
SELECT count(DISTINCT denied_at) FROM arbiter_denial WHERE denial_id > :before;

-- rows of a table travel as jsonb_agg(); null is a default
CREATE TABLE many_wish (resource text, start_time timestamptz, end_time timestamptz, amount bigint,
	user_id text, request_key text, tryout boolean);
INSERT INTO many_wish VALUES
	('many.a', '2030-01-20', '2030-01-21', 1, NULL, NULL, NULL),
	('many.a', '2030-01-20', 'infinity', 1, NULL, NULL, NULL),
	('many.b', '2030-01-20', '2030-01-21', 2, 'ann', 'ann-1', false);
CREATE TEMP TABLE answer AS SELECT * FROM arbiter_reserve_many((SELECT jsonb_agg(w) FROM many_wish w));
SELECT a.request, a.granted, a.reason, v.user_id = current_user AS own, v.request_key, v.tryout
FROM answer a LEFT JOIN arbiter_reservation v USING (reservation_id)
ORDER BY a.request;
DROP TABLE answer;
SELECT count(*) FROM arbiter_reserve_many('[]');
SELECT outcome($$ SELECT * FROM arbiter_reserve_many((SELECT jsonb_agg(w) FROM many_wish w WHERE false)) $$);

-- what is wrong with one request is told in its row, and no matter of the others
SELECT arbiter_create_resource('many.hours', granularity => '1 hour', min_lead => '0') > 0;
SELECT arbiter_set_capacity('many.hours', '2000-01-01', '2099-01-01', 4);
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset
SELECT request, granted, reason, message, limiting_time, available FROM many('[
	{"resource": "many.a", "start_time": "2030-01-22", "end_time": "2030-01-22", "amount": 1},
	{"resource": "many.a", "start_time": 1895184000000, "end_time": "2030-01-23", "amount": 1},
	{"resource": "many.a", "start_time": "2030-01-22", "end_time": -1, "amount": 1},
	{"resource": "many.a", "start_time": "2030-01-22", "end_time": "2030-01-23", "amount": 0},
	{"resource": "many.a", "start_time": "2030-01-23", "end_time": "2030-01-22", "amount": -5},
	{"resource": "many.hours", "start_time": "2030-01-22 00:30", "end_time": "2030-01-23", "amount": 1},
	{"resource": "many.hours", "start_time": null, "end_time": "2001-01-01", "amount": 1},
	{"resource": "many.a", "start_time": "2030-01-22", "end_time": "2030-01-23", "amount": 1}]');
SELECT count(*) FROM arbiter_denial WHERE denial_id > :before;
-- too early: a refusal; a start that is null is the earliest one
SELECT granted, reason, message, available, largest_amount FROM many('[
	{"resource": "many.hours", "start_time": "2001-01-01", "end_time": "2001-01-02", "amount": 1}]');
SELECT granted FROM many('[{"resource": "many.hours", "start_time": null, "end_time": "2099-01-01", "amount": 1}]');
SELECT lower(during) > now(), lower(during) = date_trunc('hour', lower(during)) FROM booked('many.hours');

-- all or nothing: refused, and not because of itself
SELECT * FROM many('[
	{"resource": "many.a", "start_time": "2030-01-25", "end_time": "2030-01-27", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-26", "end_time": "2030-01-28", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-26", "end_time": "2030-01-26", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-26", "end_time": "2030-01-27", "amount": 4}]', true);
SELECT count(*) FROM booked('many.a') WHERE lower(during) >= '2030-01-25';
-- granted
SELECT * FROM many('[
	{"resource": "many.a", "start_time": "2030-01-25", "end_time": "2030-01-27", "amount": 6},
	{"resource": "many.a", "start_time": "2030-01-27", "end_time": "2030-01-28", "amount": 6},
	{"resource": "many.b", "start_time": "2030-01-26", "end_time": "2030-01-27", "amount": 4}]', true);
SELECT count(*) FROM booked('many.a') WHERE lower(during) >= '2030-01-25';

-- request keys: asked again, the answer is the same; with other arguments it is RV013
CREATE TEMP TABLE answer AS SELECT * FROM arbiter_reserve_many('[
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 1, "request_key": "k1"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 1, "request_key": "k2"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 1, "request_key": "k1"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 2, "request_key": "k1"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 2, "request_key": "k1", "user_id": "other"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 99, "request_key": "k3"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 3, "request_key": "k3"}]');
SELECT request, granted, reason, message, CASE WHEN granted THEN dense_rank() OVER (ORDER BY reservation_id) END
FROM answer ORDER BY request;
SELECT amount, user_id = current_user, request_key FROM arbiter_reservation
WHERE resource_id = id_of('many.a') AND lower(during) = '2030-01-29' ORDER BY reservation_id;
SELECT m.request, m.granted, m.reason, m.reservation_id = a.reservation_id AS same
FROM arbiter_reserve_many('[
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 1, "request_key": "k1"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 1, "request_key": "k2"},
	{"resource": "many.a", "start_time": "2030-01-29", "end_time": "2030-01-30", "amount": 9, "request_key": "k2"}]', true) m
JOIN answer a USING (request) ORDER BY m.request;
-- the key is the one that arbiter_reserve() knows
SELECT arbiter_reserve('many.a', '2030-01-29', '2030-01-30', 1, request_key => 'k1') = reservation_id FROM answer WHERE request = 1;
SELECT outcome($$ SELECT arbiter_reserve('many.a', '2030-01-29', '2030-01-30', 2, request_key => 'k2') $$);

-- the float is for try-outs, and the order decides
SELECT arbiter_create_resource('many.float', float_percent => 30) > 0;
SELECT arbiter_set_capacity('many.float', '2030-01-01', '2030-02-01', 10);
SELECT request, granted, reason, limiting_time, available, earliest_start, largest_amount FROM many('[
	{"resource": "many.float", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 8},
	{"resource": "many.float", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 7},
	{"resource": "many.float", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 2, "tryout": true},
	{"resource": "many.float", "start_time": "2030-01-03", "end_time": "2030-01-05", "amount": 2, "tryout": true},
	{"resource": "many.float", "start_time": "2030-01-03", "end_time": "2030-01-05", "amount": 1, "tryout": true},
	{"resource": "many.float", "start_time": "2030-01-04", "end_time": "2030-01-05", "amount": 6},
	{"resource": "many.float", "start_time": "2030-01-04", "end_time": "2030-01-05", "amount": 7}]');
SELECT during, available FROM arbiter_timeline('many.float', '2030-01-01', '2030-01-06');

-- setup and cleanup
SELECT arbiter_create_resource('many.room', setup_time => '1 hour', cleanup_time => '30 min') > 0;
SELECT arbiter_set_capacity('many.room', '2030-01-01', '2030-02-01', 1);
SELECT request, granted, reason, limiting_time, earliest_start FROM many('[
	{"resource": "many.room", "start_time": "2030-01-02 10:00", "end_time": "2030-01-02 12:00", "amount": 1},
	{"resource": "many.room", "start_time": "2030-01-02 13:00", "end_time": "2030-01-02 14:00", "amount": 1},
	{"resource": "many.room", "start_time": "2030-01-02 13:30", "end_time": "2030-01-02 14:00", "amount": 1}]');

-- holds that have expired are free, whether or not all is granted at once
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES
	(id_of('many.b'), '[2030-01-14, 2030-01-15)', 4, 'held', '2020-01-01'),
	(id_of('many.b'), '[2030-01-15, 2030-01-16)', 4, 'held', '2020-01-01'),
	(id_of('many.b'), '[2030-01-16, 2030-01-17)', 4, 'held', '2020-01-01'),
	(id_of('many.b'), '[2030-01-17, 2030-01-18)', 4, 'held', 'infinity');
SELECT request, granted, reason FROM many('[
	{"resource": "many.b", "start_time": "2030-01-14", "end_time": "2030-01-15", "amount": 3}]');
SELECT request, granted, reason, available FROM many('[
	{"resource": "many.b", "start_time": "2030-01-15", "end_time": "2030-01-16", "amount": 3},
	{"resource": "many.b", "start_time": "2030-01-15", "end_time": "2030-01-17", "amount": 2},
	{"resource": "many.b", "start_time": "2030-01-16", "end_time": "2030-01-18", "amount": 1}]');
SELECT during, amount, status FROM booked('many.b') WHERE during && '[2030-01-14, 2030-01-18)' ORDER BY status, during, amount;

-- a resource that is not built yet
DELETE FROM arbiter_timeline WHERE resource_id = id_of('many.b');
SELECT request, granted, reason FROM many('[
	{"resource": "many.b", "start_time": "2030-01-19", "end_time": "2030-01-20", "amount": 3},
	{"resource": "many.b", "start_time": "2030-01-19", "end_time": "2030-01-20", "amount": 3}]');

-- what is no batch
SELECT outcome('SELECT * FROM arbiter_reserve_many(NULL)');
SELECT outcome($$ SELECT * FROM arbiter_reserve_many('[]', NULL) $$);
SELECT outcome(format('SELECT * FROM arbiter_reserve_many(%L)', requests)) FROM (VALUES
	('{}'), ('1'), ('[1]'), ('[[]]'), ('[{}]'), ('[null]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03"}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": null}]'),
	('[{"resource": "many.a", "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": "many.a", "start_time": null, "end_time": null, "amount": 1}]'),
	('[{"resource": null, "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": 7, "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": "1"}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1.5}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1e30}]'),
	('[{"resource": "many.a", "start_time": true, "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": 1893542400.5, "amount": 1}]'),
	('[{"resource": "many.a", "start_time": "soon", "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": "many.a", "start_time": "-infinity", "end_time": "2030-01-03", "amount": 1}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1, "user_id": 4242}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1, "tryout": "yes"}]'),
	('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1, "requestkey": "k"}]'),
	('[{"resource": "many.nowhere", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1}]'))
	v (requests);
SELECT outcome(format('SELECT * FROM arbiter_reserve_many(%L)', jsonb_build_array(jsonb_build_object('resource', 'many.a',
	'start_time', '2030-01-02', 'end_time', '2030-01-03', 'amount', 1, 'request_key', repeat('x', 1001)))));
-- which one it was
SELECT * FROM arbiter_reserve_many('[
	{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1},
	{"resource": "many.nowhere", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1}]');
SELECT * FROM arbiter_reserve_many('[
	{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1},
	{"resource": "many.a", "start_time": "2030-01-02", "end_time": "later", "amount": 1}]');

-- nothing is written where nothing may be
BEGIN READ ONLY;
SELECT outcome($$ SELECT * FROM arbiter_reserve_many('[]') $$);
ROLLBACK;
CREATE ROLE arbiter_many;
SET ROLE arbiter_many;
SELECT * FROM arbiter_reserve_many('[]');
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_reserve_many TO arbiter_many;
SET ROLE arbiter_many;
SELECT granted FROM arbiter_reserve_many('[{"resource": "many.a", "start_time": "2030-01-02", "end_time": "2030-01-03", "amount": 1}]');
RESET ROLE;
SELECT user_id FROM arbiter_reservation WHERE resource_id = id_of('many.a') AND during = '[2030-01-02, 2030-01-03)';
DROP OWNED BY arbiter_many;
DROP ROLE arbiter_many;

-- users' triggers: what they make of a row is decided; statement triggers fire once
CREATE FUNCTION many_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.amount := NEW.amount + 1;
	IF NEW.user_id = 'idle' THEN
		NEW.status := 'cancelled';
	END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION many_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% rows', (SELECT count(*) FROM new_rows);
	RETURN NULL;
END $$;
CREATE TRIGGER many_before BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION many_before();
CREATE TRIGGER many_after AFTER INSERT ON arbiter_reservation REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION many_after();
SELECT arbiter_create_resource('many.trigger') > 0;
SELECT arbiter_set_capacity('many.trigger', '2030-01-01', '2030-02-01', 10);
SELECT request, granted, reason, available FROM many('[
	{"resource": "many.trigger", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 4},
	{"resource": "many.trigger", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 5},
	{"resource": "many.trigger", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 4},
	{"resource": "many.trigger", "start_time": "2030-01-02", "end_time": "2030-01-04", "amount": 40, "user_id": "idle"}]');
DROP TRIGGER many_before ON arbiter_reservation;
DROP TRIGGER many_after ON arbiter_reservation;
SELECT during, amount, status FROM booked('many.trigger');

-- progress
SET arbiter.progress_interval = 0;
SELECT granted FROM many('[
	{"resource": "many.b", "start_time": "2030-01-22", "end_time": "2030-01-23", "amount": 3},
	{"resource": "many.b", "start_time": "2030-01-22", "end_time": "2030-01-23", "amount": 3}]');
SET arbiter.progress_interval = -1;
SELECT granted FROM many('[{"resource": "many.b", "start_time": "2030-01-23", "end_time": "2030-01-24", "amount": 3}]');
RESET arbiter.progress_interval;

-- random batches: as arbiter_try_reserve() request by request, on resources that are the same
SELECT count(arbiter_create_resource(twin || '.1')) FROM unnest('{many.x,many.y}'::text[]) twin;
SELECT count(arbiter_create_resource(twin || '.2', float_percent => 25, granularity => '1 hour'))
FROM unnest('{many.x,many.y}'::text[]) twin;
SELECT count(arbiter_create_resource(twin || '.3', setup_time => '50 min', cleanup_time => '20 min'))
FROM unnest('{many.x,many.y}'::text[]) twin;
CREATE PROCEDURE many_rounds(rounds integer, seed double precision) LANGUAGE plpgsql AS $$
DECLARE
	requests jsonb;
	answers jsonb;
	expected jsonb;
	compared bigint := 0;
	granted bigint := 0;
	different bigint := 0;
BEGIN
	PERFORM setseed(seed);
	FOR round IN 1 .. rounds LOOP
		-- capacity grows only: no oversold windows
		PERFORM arbiter_add_capacity(twin || c.name, c.start_time, c.end_time, c.amount)
		FROM (SELECT '.' || 1 + floor(random() * 3)::int AS name, s AS start_time, s + interval '1 hour' * (1 + floor(random() * 60)) AS end_time,
				1 + floor(random() * 3)::bigint AS amount
			FROM (SELECT timestamptz '2030-01-01' + interval '1 hour' * floor(random() * 200) AS s FROM generate_series(1, 3) OFFSET 0) s OFFSET 0) c,
			unnest('{many.x,many.y}'::text[]) twin;
		SELECT jsonb_agg(jsonb_build_object('resource', 'many.x.' || 1 + floor(random() * 3)::int,
			'start_time', s, 'end_time', s + interval '1 hour' * (1 + floor(random() * random() * 50)),
			'amount', 1 + floor(random() * 5)::int, 'tryout', random() < 0.3, 'user_id', 'x',
			'request_key', CASE WHEN random() < 0.2 THEN round || '-' || n / 2 END))
		INTO requests
		FROM (SELECT n, timestamptz '2030-01-01' + interval '1 hour' * floor(random() * 200) AS s
			FROM generate_series(1, 1 + floor(random() * 20)::int) n OFFSET 0) s;
		-- of a key, only the first request: what a repeated one gets is tested above
		SELECT jsonb_agg(r ORDER BY n) INTO requests
		FROM (SELECT r, n, row_number() OVER (PARTITION BY r ->> 'request_key' ORDER BY n) AS nth
			FROM jsonb_array_elements(requests) WITH ORDINALITY e (r, n)) e
		WHERE nth = 1 OR r ->> 'request_key' IS NULL;

		SELECT jsonb_agg(to_jsonb(m) - 'reservation_id' ORDER BY m.request) INTO answers
		FROM arbiter_reserve_many(requests) m;
		expected := '[]';
		FOR n IN 0 .. jsonb_array_length(requests) - 1 LOOP
			SELECT expected || jsonb_build_array(to_jsonb(t) - 'reservation_id' - 'limiting_resource'
				|| jsonb_build_object('request', n + 1, 'message', replace(t.message, 'many.y', 'many.x')))
			INTO expected
			FROM jsonb_to_record(requests -> n) r (resource text, start_time timestamptz, end_time timestamptz, amount bigint,
				tryout boolean, request_key text),
				arbiter_try_reserve(replace(r.resource, 'many.x', 'many.y'), r.start_time, r.end_time, r.amount, 'y',
					r.request_key, r.tryout) t;
		END LOOP;
		compared := compared + jsonb_array_length(requests);
		IF answers <> expected THEN
			different := different + 1;
			RAISE WARNING 'seed %, round %: % is not %', seed, round, answers, expected;
		END IF;
		granted := granted + (SELECT count(*) FROM jsonb_array_elements(answers) e WHERE (e -> 'granted')::boolean);

		PERFORM arbiter_cancel(v.reservation_id) FROM arbiter_reservation v
		WHERE v.user_id IN ('x', 'y') AND v.status = 'confirmed' AND hashtext(v.during::text || v.amount || round) % 3 = 0;
	END LOOP;
	RAISE INFO '% batches, % different; among granted and refused: %', rounds, different,
		granted BETWEEN compared / 10 AND compared - compared / 10;
END $$;
CALL many_rounds(60, 0.25);
SELECT a.during, a.capacity, a.reserved, a.available FROM arbiter_timeline('many.x.2', '2030-01-01', '2030-02-01') a
EXCEPT SELECT a.during, a.capacity, a.reserved, a.available FROM arbiter_timeline('many.y.2', '2030-01-01', '2030-02-01') a;

DROP FUNCTION many;
DROP TABLE many_wish;
SELECT * FROM arbiter_check();
SELECT count(*) FROM arbiter_conflicts() WHERE resource_name LIKE 'many%';
