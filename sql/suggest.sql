-- arbiter_suggest, arbiter_tradeoff: why not otherwise?
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('suggest', unit => 'suggest.seat') > 0;
SELECT arbiter_set_capacity('suggest', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('suggest', '2030-01-10 12:00', '2030-01-10 18:00', 6) > 0;
SELECT arbiter_reserve('suggest', '2030-01-10 20:00', '2030-01-12', 8) > 0;

-- it fits: nothing else is said
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 09:00', '2030-01-10 12:00', 10);
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 12:00', '2030-01-10 20:00', 4);
-- one of each kind but another resource
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5);
-- nothing free at the asked start: not shorter
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 13:00', '2030-01-10 16:00', 5);
-- nothing left: not less
SELECT arbiter_reserve('suggest', '2030-01-20', '2030-01-21', 10) > 0;
SELECT * FROM arbiter_suggest('suggest', '2030-01-20 13:00', '2030-01-20 16:00', 1);
-- more than there ever is: only less, and only elsewhere
SELECT * FROM arbiter_suggest('suggest', '2030-01-22 13:00', '2030-01-22 16:00', 11);
-- two pieces only where they end before "later" does
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 13:00', 5);
SELECT * FROM arbiter_suggest('suggest', '2030-01-10 11:00', '2030-01-10 15:00', 5) WHERE kind IN ('later', 'two pieces');
-- outside the schedule
SELECT * FROM arbiter_suggest('suggest', '2029-12-31', '2030-01-02', 5);
SELECT * FROM arbiter_suggest('suggest', '2030-01-31', '2030-02-02', 5);
SELECT * FROM arbiter_suggest('suggest', '2020-01-31', '2020-02-02', 5);
SELECT * FROM arbiter_suggest('suggest', '2020-01-31', '2050-02-02', 5);
-- for ever
SELECT * FROM arbiter_suggest('suggest', '2030-01-31', 'infinity', 5);
SELECT arbiter_set_capacity('suggest', '2030-03-01', 'infinity', 3);
SELECT * FROM arbiter_suggest('suggest', '2030-01-31', 'infinity', 2);
SELECT arbiter_set_capacity('suggest', '2030-03-01', 'infinity', NULL);

-- not earlier than now, unless the asked start is
BEGIN;
SELECT arbiter_create_resource('suggest.now') > 0;
SELECT arbiter_set_capacity('suggest.now', '2000-01-01', now() + interval '1 day', 1);
SELECT kind, part, start_time = now() + interval '12 h', reason FROM arbiter_suggest('suggest.now', now() + interval '3 days', now() + interval '3 days 12 h', 1);
SELECT count(*) FROM arbiter_suggest('suggest.now', now() + interval '3 days', now() + interval '4 days', 1);
SELECT kind, part, start_time = now() + interval '1 day' - interval '8 h' FROM arbiter_suggest('suggest.now', now() + interval '20 h', now() + interval '28 h', 1);
SELECT kind, part, start_time < now(), end_time = now() + interval '1 day' FROM arbiter_suggest('suggest.now', now() - interval '1 h', now() + interval '25 h', 1);
COMMIT;
SELECT arbiter_reserve('suggest.now', '2010-01-10', '2010-01-20', 1) > 0;
SELECT * FROM arbiter_suggest('suggest.now', '2010-01-10', '2010-01-11', 1);

-- another resource of the same unit: most room first, five at most
SELECT arbiter_create_resource('suggest.' || n, unit => 'suggest.seat') > 0 FROM generate_series(1, 8) n;
SELECT arbiter_create_resource('suggest.desk', unit => 'suggest.desk') > 0;
SELECT arbiter_create_resource('suggest.none') > 0;
SELECT arbiter_set_capacity(name, '2030-01-01', '2030-02-01', 100) FROM arbiter_resource WHERE name ~ '^suggest\.(.|desk|none)$';
SELECT arbiter_reserve('suggest.' || n, '2030-01-20', '2030-01-21', 10 * n) > 0 FROM generate_series(1, 8) n;
SELECT * FROM arbiter_suggest('suggest', '2030-01-20 13:00', '2030-01-20 16:00', 45) WHERE kind = 'other resource';
SELECT * FROM arbiter_suggest('suggest', '2030-01-20 13:00', '2030-01-20 16:00', 1) WHERE kind = 'other resource';
-- not where it is not aligned, or too early, or only of the float
SELECT arbiter_alter_resource('suggest.1', granularity => '1 day');
SELECT arbiter_alter_resource('suggest.2', min_lead => '100 years');
SELECT arbiter_alter_resource('suggest.3', float_percent => 50);
SELECT arbiter_alter_resource('suggest.4', setup_time => '14 h');
SELECT arbiter_reserve('suggest.4', '2030-01-19', '2030-01-20', 90) > 0;
SELECT resource, reason FROM arbiter_suggest('suggest', '2030-01-20 13:00', '2030-01-20 16:00', 45) WHERE kind = 'other resource';
SELECT resource, reason FROM arbiter_suggest('suggest', '2030-01-20 13:00', '2030-01-20 16:00', 45, tryout => true) WHERE kind = 'other resource';
SELECT resource, reason FROM arbiter_suggest('suggest.none', '2030-01-20 13:00', '2030-01-20 16:00', 101);
SELECT resource, reason FROM arbiter_suggest('suggest.desk', '2030-01-20 13:00', '2030-01-20 16:00', 101) WHERE kind = 'other resource';
SELECT arbiter_alter_resource('suggest.5', min_lead => '0');
SELECT arbiter_set_capacity('suggest.5', '2001-01-01', '2002-01-01', 100);
SELECT * FROM arbiter_suggest('suggest', '2001-01-20 13:00', '2001-01-20 16:00', 45);

-- the options of the resource hold
SELECT arbiter_create_resource('suggest.all', granularity => '1 h', setup_time => '2 h', cleanup_time => '30 min', float_percent => 20) > 0;
SELECT arbiter_set_capacity('suggest.all', '2030-01-01', '2030-01-04', 10);
SELECT arbiter_reserve('suggest.all', '2030-01-02 10:00', '2030-01-02 12:00', 5) > 0;
SELECT * FROM arbiter_suggest('suggest.all', '2030-01-02 06:00', '2030-01-02 09:00', 4);
SELECT * FROM arbiter_suggest('suggest.all', '2030-01-02 06:00', '2030-01-02 09:00', 4, tryout => true);
SELECT * FROM arbiter_suggest('suggest.all', '2030-01-02 13:00', '2030-01-02 15:00', 4);
SELECT * FROM arbiter_suggest('suggest.all', '2030-01-02 13:00', '2030-01-02 15:00', 6, tryout => true);
-- a hold that has expired is no obstacle
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES
	(id_of('suggest.all'), '[2030-01-03 06:00,2030-01-03 12:00)', 5, 'held', '2020-01-01');
SELECT kind FROM arbiter_suggest('suggest.all', '2030-01-03 06:00', '2030-01-03 09:00', 8);
-- where the lead time decides there is time to decide
SELECT arbiter_create_resource('suggest.lead', min_lead => '2 h') > 0;
SELECT arbiter_set_capacity('suggest.lead', '2000-01-01', 'infinity', 10);
SELECT kind, amount, extract(second FROM start_time) = 0, start_time >= statement_timestamp() + interval '2 h 1 min', start_time <= statement_timestamp() + interval '2 h 2 min',
	end_time - start_time
FROM arbiter_suggest('suggest.lead', now() + interval '1 h', now() + interval '3 h', 5);
SELECT kind FROM arbiter_suggest('suggest.lead', now() + interval '2 h 5 min', now() + interval '3 h', 5);
SELECT arbiter_reserve('suggest.lead', timestamptz 'today' + interval '2 days 1 h', timestamptz 'today' + interval '2 days 8 h', 8) > 0;
SELECT kind, start_time - timestamptz 'today', end_time - timestamptz 'today', amount, reason
FROM arbiter_suggest('suggest.lead', timestamptz 'today' + interval '2 days', timestamptz 'today' + interval '2 days 2 h', 5);

-- as far as arbiter.search_horizon
SET arbiter.search_horizon TO '1 h';
SELECT kind FROM arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5);
SET arbiter.search_horizon TO 0;
SELECT kind FROM arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5);
RESET arbiter.search_horizon;

-- what is refused
SELECT outcome($$ SELECT arbiter_suggest(NULL, '2030-01-10 10:00', '2030-01-10 14:00', 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', NULL, '2030-01-10 14:00', 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 10:00', NULL, 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', NULL) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5, NULL) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 14:00', '2030-01-10 10:00', 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 14:00', '2030-01-10 14:00', 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '-infinity', '2030-01-10 14:00', 5) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 0) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest.unknown', '2030-01-10 10:00', '2030-01-10 14:00', 1) $$);
SELECT outcome($$ SELECT arbiter_suggest('suggest.all', '2030-01-10 10:00', '2030-01-10 14:01', 1) $$);

--
-- arbiter_tradeoff
--
SELECT * FROM arbiter_tradeoff('suggest', '2 h', '2030-01-10 12:00', '2030-02-01');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '2030-01-10 12:00', '2030-02-01');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '2030-01-10 13:00');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '2030-01-10 13:00', '2030-01-11');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '2030-01-01');
SELECT * FROM arbiter_tradeoff('suggest', '40 days', '2030-01-01');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '-infinity', 'infinity');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '-infinity');
SELECT * FROM arbiter_tradeoff('suggest', '3 h', '2030-01-20');
SELECT * FROM arbiter_tradeoff('suggest.all', '90 min', '2030-01-02 06:00');
SELECT * FROM arbiter_tradeoff('suggest.all', '90 min', '2030-01-02 06:00', tryout => true);
SELECT amount, start_time = now() FROM arbiter_tradeoff('suggest.lead', '1 h', '2010-01-01', '2010-02-01');
SELECT amount, start_time = statement_timestamp() + interval '2 h' FROM arbiter_tradeoff('suggest.lead', '1 h');
SELECT amount, start_time = statement_timestamp() + interval '2 h' FROM arbiter_tradeoff('suggest.lead', '1 h', NULL, NULL);
SELECT arbiter_create_resource('suggest.most') > 0;
SELECT * FROM arbiter_tradeoff('suggest.most', '1 h', '2030-01-01');
SELECT arbiter_set_capacity('suggest.most', '2030-01-01', '2030-01-02', 9223372036854775807);
SELECT * FROM arbiter_tradeoff('suggest.most', '1 h', '2030-01-01');
-- without a bound, a year
SELECT * FROM arbiter_tradeoff('suggest', '1 h', '2029-01-31');
SELECT * FROM arbiter_tradeoff('suggest', '1 h', '2028-12-31');
SELECT outcome($$ SELECT arbiter_tradeoff(NULL, '1 h') $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', NULL) $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '1 h', tryout => NULL) $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '1 month') $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '0 h') $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '1 h', '2030-01-01', '2029-01-01') $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '1 h', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest.unknown', '1 h') $$);
SET arbiter.search_horizon TO 0;
SELECT * FROM arbiter_tradeoff('suggest', '1 h', '2030-01-01');
SELECT * FROM arbiter_tradeoff('suggest', '1 h', '2030-01-01', '2030-01-02');
RESET arbiter.search_horizon;

-- who may, and where
CREATE ROLE suggest_reader;
SET ROLE suggest_reader;
SELECT outcome($$ SELECT arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5) $$);
SELECT outcome($$ SELECT arbiter_tradeoff('suggest', '1 h') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_suggest, arbiter_tradeoff TO suggest_reader;
SET ROLE suggest_reader;
SELECT kind FROM arbiter_suggest('suggest', '2030-01-10 10:00', '2030-01-10 14:00', 5);
SELECT count(*) FROM arbiter_tradeoff('suggest', '1 h', '2030-01-10 12:00');
RESET ROLE;
DROP OWNED BY suggest_reader;
DROP ROLE suggest_reader;
INSERT INTO arbiter_resource (resource_id, name) VALUES (9302, 'suggest.unbuilt');
COPY arbiter_capacity FROM stdin;
9302	[2030-01-01,2030-02-01)	10
\.
COPY arbiter_reservation (reservation_id, resource_id, during, amount) FROM stdin;
-9302	9302	[2030-01-01,2030-01-03)	6
\.
BEGIN READ ONLY;
SELECT * FROM arbiter_suggest('suggest.unbuilt', '2030-01-02 12:00', '2030-01-03 14:00', 5);
SELECT * FROM arbiter_tradeoff('suggest.unbuilt', '1 h', '2030-01-01');
COMMIT;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9302;

--
-- Random, on whole hours, against arbiter_available() at every one of them
--
SELECT setseed(0.20300110);
SET arbiter.chunk_steps TO 32;
SELECT arbiter_create_resource('suggest.random.1', unit => 'suggest.random') > 0;
SELECT arbiter_create_resource('suggest.random.2', unit => 'suggest.random', granularity => '2 h') > 0;
SELECT arbiter_create_resource('suggest.random.3', unit => 'suggest.random', setup_time => '1 h', cleanup_time => '2 h', float_percent => 10) > 0;

CREATE PROCEDURE fill_resources() LANGUAGE plpgsql AS $$
DECLARE
	s timestamptz;
	r record;
BEGIN
	FOR r IN SELECT name, resource_id FROM arbiter_resource WHERE name LIKE 'suggest.random.%' ORDER BY name LOOP
		DELETE FROM arbiter_reservation WHERE resource_id = r.resource_id;
		PERFORM arbiter_set_capacity(r.name, '2030-01-01', '2030-01-13', 8);
		FOR n IN 1 .. 3 LOOP
			s := timestamptz '2030-01-01' + floor(random() * 12 * 24) * interval '1 h';
			PERFORM arbiter_set_capacity(r.name, s, s + (1 + floor(random() * 40)) * interval '1 h', (random() * 15)::bigint);
		END LOOP;
		FOR n IN 1 .. 120 LOOP
			s := timestamptz '2030-01-01' + floor(random() * 12 * 12) * interval '2 h';
			PERFORM arbiter_try_reserve(r.name, s, s + (1 + floor(random() * random() * 12)) * interval '2 h', (1 + random() * 4)::bigint);
		END LOOP;
	END LOOP;
END
$$;

-- what could be had, by trying all of it
CREATE FUNCTION naive_suggest(name text, start_time timestamptz, end_time timestamptz, amount bigint)
RETURNS TABLE (kind text, t1 timestamptz, t2 timestamptz, most bigint) LANGUAGE plpgsql AS $$
DECLARE
	grain interval := (SELECT coalesce(r.granularity, '1 h') FROM arbiter_resource r WHERE r.name = naive_suggest.name);
	d int := extract(epoch FROM end_time - start_time) / extract(epoch FROM grain);
	later timestamptz;
BEGIN
	IF arbiter_available(name, start_time, end_time) >= amount THEN
		RETURN QUERY SELECT 'as asked', start_time, end_time, amount;
		RETURN;
	END IF;
	-- every piece up to the whole, from every start
	CREATE TEMPORARY TABLE piece AS
	SELECT t, n FROM generate_series('2029-12-31', '2030-01-14', grain) t, generate_series(1, d) n
	WHERE arbiter_available(name, t, t + n * grain) >= amount;
	later := (SELECT min(t) FROM piece WHERE n = d AND t > start_time);
	RETURN QUERY SELECT 'later', later, later + d * grain, amount WHERE later IS NOT NULL;
	RETURN QUERY SELECT 'earlier', max(t), max(t) + d * grain, amount FROM piece WHERE n = d AND t < start_time HAVING count(*) > 0;
	RETURN QUERY SELECT 'less', start_time, end_time, a FROM arbiter_available(name, start_time, end_time) a WHERE a > 0;
	RETURN QUERY SELECT 'shorter', start_time, start_time + max(n) * grain, amount FROM piece WHERE t = start_time HAVING count(*) > 0;
	RETURN QUERY SELECT 'two pieces', NULL::timestamptz, min(b.t + b.n * grain), amount FROM piece a JOIN piece b ON b.n = d - a.n AND b.t >= a.t + a.n * grain
		WHERE a.t >= start_time HAVING min(b.t + b.n * grain) < coalesce(later + d * grain, 'infinity');
	DROP TABLE piece;
END
$$;

CREATE PROCEDURE compare_suggestions(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	q record;
	differs boolean;
	kinds text[] := '{}';
	k text;
BEGIN
	FOR n IN 1 .. rounds LOOP
		SELECT 'suggest.random.' || 1 + n % 3 AS name, s, s + (1 + floor(random() * 6)) * interval '2 h' AS e, (1 + floor(random() * 9))::bigint AS amount INTO q
		FROM (SELECT timestamptz '2030-01-01' + floor(random() * 12 * 12) * interval '2 h' AS s) _;
		WITH naive AS MATERIALIZED (
			SELECT * FROM naive_suggest(q.name, q.s, q.e, q.amount)
		), suggestion AS MATERIALIZED (
			SELECT kind, CASE WHEN kind <> 'two pieces' THEN start_time END, end_time, amount FROM arbiter_suggest(q.name, q.s, q.e, q.amount)
			WHERE kind <> 'other resource' AND NOT (kind = 'two pieces' AND part = 1)
		), difference AS (
			(TABLE naive EXCEPT ALL TABLE suggestion) UNION ALL (TABLE suggestion EXCEPT ALL TABLE naive)
		)
		SELECT EXISTS (TABLE difference), (SELECT array_agg(naive.kind) FROM naive) || kinds INTO differs, kinds;
		-- two pieces with setup or cleanup time may stand closer than they can be reserved
		IF differs AND (q.name <> 'suggest.random.3' OR EXISTS (
			(SELECT * FROM naive_suggest(q.name, q.s, q.e, q.amount) WHERE kind <> 'two pieces'
			 EXCEPT ALL SELECT kind, start_time, end_time, amount FROM arbiter_suggest(q.name, q.s, q.e, q.amount))))
		THEN
			RAISE WARNING 'differs: arbiter_suggest(%, %, %, %)', quote_literal(q.name), quote_literal(q.s), quote_literal(q.e), q.amount;
		END IF;
	END LOOP;
	FOR k IN SELECT kind FROM unnest('{as asked,later,earlier,less,shorter,two pieces}'::text[]) kind WHERE kind <> ALL (kinds) LOOP
		RAISE WARNING 'never: %', k;
	END LOOP;
END
$$;

-- all of it is granted as it stands
CREATE PROCEDURE take_suggestions(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	q record;
	a record;
	try boolean;
	made bigint;
	kinds text[] := '{}';
	k text;
BEGIN
	FOR n IN 1 .. rounds LOOP
		try := random() < 0.3;
		SELECT 'suggest.random.' || 1 + n % 3 AS name, s, s + (1 + floor(random() * 6)) * interval '2 h' AS e, (1 + floor(random() * 9))::bigint AS amount INTO q
		FROM (SELECT timestamptz '2030-01-01' + floor(random() * 12 * 12) * interval '2 h' AS s) _;
		-- refused, unless it fits as asked
		made := (SELECT reservation_id FROM arbiter_try_reserve(q.name, q.s, q.e, q.amount, tryout => try));
		IF made IS NOT NULL THEN
			PERFORM arbiter_cancel(made);
			IF 'as asked' <> ALL (ARRAY(SELECT kind FROM arbiter_suggest(q.name, q.s, q.e, q.amount, try))) THEN
				RAISE WARNING 'not as asked: %', q;
			END IF;
		END IF;
		FOR a IN SELECT kind, jsonb_agg(f) AS parts FROM arbiter_suggest(q.name, q.s, q.e, q.amount, try) f
			GROUP BY kind, CASE WHEN kind = 'other resource' THEN resource END
		LOOP
			kinds := kinds || a.kind;
			BEGIN
				PERFORM arbiter_reserve(p.resource, p.start_time, p.end_time, p.amount, tryout => try)
				FROM jsonb_to_recordset(a.parts) p (resource text, start_time timestamptz, end_time timestamptz, amount bigint);
				RAISE EXCEPTION USING ERRCODE = 'P0099';
			EXCEPTION WHEN SQLSTATE 'P0099' THEN
				NULL;
			END;
		END LOOP;
	END LOOP;
	FOR k IN SELECT kind FROM unnest('{as asked,later,earlier,less,shorter,other resource,two pieces}'::text[]) kind WHERE kind <> ALL (kinds) LOOP
		RAISE WARNING 'never: %', k;
	END LOOP;
END
$$;

-- the steps: running maxima over every start
CREATE PROCEDURE compare_tradeoffs(rounds int) LANGUAGE plpgsql AS $$
DECLARE
	q record;
	differs boolean;
	steps int := 0;
	found int;
BEGIN
	FOR n IN 1 .. rounds LOOP
		SELECT r.name, coalesce(r.granularity, '1 h') AS grain, (1 + floor(random() * 9)) * interval '2 h' AS d,
			timestamptz '2029-12-30' + floor(random() * 13 * 24) * interval '1 h' AS after, timestamptz '2030-01-13' - floor(random() * random() * 8 * 24) * interval '1 h' AS before INTO q
		FROM arbiter_resource r WHERE r.name = 'suggest.random.' || 1 + n % 3;
		CONTINUE WHEN q.before <= q.after;
		WITH start AS (
			SELECT t, arbiter_available(q.name, t, t + q.d) AS a
			FROM generate_series(timestamptz '2029-12-30', q.before - q.d, q.grain) t WHERE t >= q.after
		), running AS (
			SELECT t, a, max(a) OVER (ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM start
		), naive AS MATERIALIZED (
			SELECT a, t, t + q.d FROM running WHERE a > coalesce(before, 0)
		), tradeoff AS MATERIALIZED (
			SELECT * FROM arbiter_tradeoff(q.name, q.d, q.after, q.before)
		), difference AS (
			(TABLE naive EXCEPT ALL TABLE tradeoff) UNION ALL (TABLE tradeoff EXCEPT ALL TABLE naive)
		)
		SELECT EXISTS (TABLE difference), (SELECT count(*) FROM naive) INTO differs, found;
		steps := steps + found;
		IF differs THEN
			RAISE WARNING 'differs: arbiter_tradeoff(%, %, %, %)', quote_literal(q.name), quote_literal(q.d), quote_literal(q.after), quote_literal(q.before);
		END IF;
	END LOOP;
	IF steps < rounds THEN
		RAISE WARNING 'only % steps', steps;
	END IF;
END
$$;

CALL fill_resources();
CALL compare_suggestions(45);
CALL take_suggestions(60);
CALL compare_tradeoffs(45);
RESET arbiter.chunk_steps;
CALL fill_resources();
CALL compare_suggestions(45);
CALL take_suggestions(60);
CALL compare_tradeoffs(45);
SELECT * FROM arbiter_check();
DROP PROCEDURE fill_resources, compare_suggestions, take_suggestions, compare_tradeoffs;
DROP FUNCTION naive_suggest;
