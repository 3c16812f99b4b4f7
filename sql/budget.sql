-- Budgets: quotas of what reservations cost.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('budget.gpu', resource_type => 'budget.card') > 0, arbiter_create_resource('budget.cpu') > 0;
SELECT arbiter_set_capacity(r, '2030-01-01', '2031-01-01', 100) FROM unnest('{budget.gpu,budget.cpu}'::text[]) r;
SELECT arbiter_set_price('budget.gpu', 2), arbiter_set_price('budget.cpu', 0.5);

-- what was spent, in the windows of a quota
CREATE FUNCTION spent(subject text, kind text DEFAULT 'user') RETURNS TABLE (month date, allocated numeric, used numeric, available numeric)
LANGUAGE sql STABLE AS $$
	SELECT c.start_time::date, c.allocated, c.used, c.available
	FROM arbiter_quota_calendar(subject, '2030-01-01', '2030-07-01', subject_kind => kind) c
	WHERE c.used <> 0 AND c.measure = 'cost' ORDER BY c.quota_id, c.start_time
$$;

--
-- spent: by every reservation of every resource
--
SELECT arbiter_set_quota('ada', 100, 'cost', 'month', tz => 'UTC') > 0;
SELECT arbiter_reserve('budget.gpu', '2030-01-10', '2030-01-11', 1, 'ada') AS gpu, arbiter_reserve('budget.cpu', '2030-01-10', '2030-01-12', 1, 'ada') AS cpu \gset
SELECT * FROM spent('ada');
SELECT arbiter_cost(:gpu), arbiter_cost(:cpu);
-- refused: how much is left, when there is more, what fits now
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-01-20', '2030-01-21', 1, 'ada') $$);
SELECT t.granted, t.reason, t.message, t.limiting_time, t.available, t.earliest_start, t.largest_amount
FROM arbiter_try_reserve('budget.gpu', '2030-01-20 00:00', '2030-01-20 02:00', 10, 'ada') t;
-- the largest amount fits, and spends nearly all
SELECT arbiter_reserve('budget.gpu', '2030-01-20 00:00', '2030-01-20 02:00', 7, 'ada') > 0;
SELECT * FROM spent('ada');
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-01-20 00:00', '2030-01-20 00:00:01', 1, 'ada') $$);
-- what is free spends nothing
SELECT arbiter_set_price('budget.cpu', 0, '2030-01-25', '2030-01-26');
SELECT arbiter_reserve('budget.cpu', '2030-01-25', '2030-01-26', 50, 'ada') > 0;
-- over the end of a month, each has its part
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-01-31 23:00', '2030-02-02', 1, 'ada') $$);
SELECT arbiter_cancel(:gpu);
SELECT arbiter_reserve('budget.gpu', '2030-01-31 12:00', '2030-02-02', 1, 'ada') AS over \gset
SELECT * FROM spent('ada');
-- others have no budget
SELECT arbiter_reserve('budget.gpu', '2030-01-20', '2030-01-30', 5, 'bob') AS bob \gset
SELECT outcome(format($$ SELECT arbiter_transfer(%s, 'ada') $$, :bob));

--
-- given back exactly: truncated, resized, moved, cancelled, transferred
--
SELECT arbiter_truncate(:over, '2030-02-01 00:00:01');
SELECT * FROM spent('ada');
SELECT arbiter_resize(:over, 2);
SELECT * FROM spent('ada');
SELECT arbiter_move(:over, '2030-03-15');
SELECT * FROM spent('ada');
SELECT outcome(format('SELECT arbiter_resize(%s, 5)', :over));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :over, '2030-03-17'));
SELECT arbiter_transfer(:over, 'bob');
SELECT * FROM spent('ada');
SELECT arbiter_transfer(:over, 'ada');
SELECT arbiter_cancel(:over);
SELECT * FROM spent('ada');
-- a hold spends until it expires
SELECT arbiter_hold('budget.gpu', '2030-03-01', '2030-03-02', 2, ttl => '1 hour', user_id => 'ada') AS hold \gset
SELECT * FROM spent('ada');
UPDATE arbiter_reservation SET expires_at = '2020-01-01' WHERE reservation_id = :hold;
SELECT * FROM spent('ada');
SELECT arbiter_reserve('budget.gpu', '2030-03-05', '2030-03-06', 2, 'ada') > 0;
SELECT status FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT * FROM arbiter_check();

--
-- other prices: what was spent is what it would cost now
--
SELECT arbiter_set_price('budget.gpu', 1, '2030-03-05 12:00', '2030-03-06');
SELECT * FROM spent('ada');
SELECT * FROM arbiter_check();
SELECT arbiter_set_price('budget.gpu', 20, '2030-03-05', '2030-03-06');
SELECT * FROM spent('ada');
-- more than the budget: nothing is cancelled, and nothing is granted that makes it worse
SELECT outcome($$ SELECT arbiter_reserve('budget.cpu', '2030-03-10', '2030-03-10 01:00', 1, 'ada') $$);
SELECT arbiter_resize(reservation_id, 1) FROM arbiter_reservation WHERE user_id = 'ada' AND lower(during) = '2030-03-05';
SELECT * FROM spent('ada');
-- by plain SQL
UPDATE arbiter_price SET price = price / 10 WHERE resource_id = id_of('budget.gpu') AND price = 20;
SELECT * FROM spent('ada');
SELECT * FROM arbiter_check();
DELETE FROM arbiter_price WHERE resource_id = id_of('budget.gpu');
SELECT * FROM spent('ada');
INSERT INTO arbiter_price VALUES (id_of('budget.gpu'), '(,)', 3);
SELECT * FROM spent('ada');
COPY arbiter_price FROM stdin;
-1	(,)	3
\.
DELETE FROM arbiter_price WHERE resource_id = -1;
SELECT * FROM arbiter_check();
BEGIN;
TRUNCATE arbiter_price;
SELECT * FROM spent('ada');
SELECT count(*) FROM arbiter_check();
ROLLBACK;
SELECT * FROM spent('ada');
-- as replication applies them
SET session_replication_role TO replica;
UPDATE arbiter_price SET price = 2 WHERE resource_id = id_of('budget.gpu');
RESET session_replication_role;
SELECT * FROM spent('ada');
SELECT * FROM arbiter_check();
-- the price that it has already changes nothing
SELECT count(*) > 0 AS built FROM arbiter_timeline WHERE resource_id < 0 AND resource_id = - (SELECT quota_id FROM arbiter_quota WHERE subject = 'ada');
SELECT outcome($$ SELECT arbiter_reserve('budget.cpu', '2030-03-10', '2030-03-10 01:00', 1, 'ada') $$);
SELECT arbiter_set_price('budget.gpu', 2);
SELECT count(*) > 0 AS built FROM arbiter_timeline WHERE resource_id < 0 AND resource_id = - (SELECT quota_id FROM arbiter_quota WHERE subject = 'ada');
-- not in a statement that reserves
CREATE FUNCTION budget_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'pricer' THEN
		PERFORM arbiter_set_price('budget.gpu', 9, '2030-06-01', '2030-06-02');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER budget_trigger BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION budget_trigger();
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-05-10', '2030-05-11', 1, 'pricer') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('budget.gpu'), '[2030-05-10,2030-05-11)', 1, 'pricer') $$);
DROP TRIGGER budget_trigger ON arbiter_reservation;
DROP FUNCTION budget_trigger();

--
-- of one resource, of a type, of a group; several at once
--
SELECT arbiter_set_quota('budget.lab', 60, 'cost', 'week', resource => 'budget.gpu', subject_kind => 'group', tz => 'Europe/London') > 0,
	arbiter_set_quota('cleo', 50, 'cost', 'year', resource_type => 'budget.card', tz => 'UTC') > 0;
SELECT arbiter_add_member('budget.lab', u) FROM unnest('{cleo,dora}'::text[]) u;
SELECT arbiter_reserve('budget.gpu', '2030-05-06', '2030-05-07', 1, 'cleo') > 0, arbiter_reserve('budget.cpu', '2030-05-06', '2030-05-07', 90, 'cleo') > 0;
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-05-08', '2030-05-08 06:00', 1, 'dora') $$);
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-05-08', '2030-05-08 06:00:01', 1, 'dora') $$);
SELECT outcome($$ SELECT arbiter_reserve('budget.gpu', '2030-07-08', '2030-07-08 02:00', 1, 'cleo') $$);
SELECT subject, resource, resource_type, measure, per, tz, allocated FROM arbiter_quota_use WHERE measure = 'cost' ORDER BY subject;
-- in a batch, each after those before it
SELECT request, granted, reason, available, largest_amount FROM arbiter_reserve_many('[
	{"resource": "budget.gpu", "start_time": "2030-05-20", "end_time": "2030-05-21", "amount": 1, "user_id": "dora"},
	{"resource": "budget.gpu", "start_time": "2030-05-21", "end_time": "2030-05-21 03:00", "amount": 5, "user_id": "dora"},
	{"resource": "budget.gpu", "start_time": "2030-05-22", "end_time": "2030-05-22 06:00", "amount": 1, "user_id": "dora"}]');
SELECT * FROM spent('budget.lab', 'group');

--
-- evacuated: from a cheaper resource to a dearer one there must be money for the difference
--
SELECT arbiter_create_resource('budget.from') > 0, arbiter_create_resource('budget.dear') > 0, arbiter_create_resource('budget.cheap') > 0;
SELECT arbiter_set_capacity(r, '2030-01-01', '2031-01-01', 100) FROM unnest('{budget.from,budget.dear,budget.cheap}'::text[]) r;
SELECT arbiter_set_price('budget.from', 2), arbiter_set_price('budget.dear', 3), arbiter_set_price('budget.cheap', 1);
SELECT arbiter_set_quota('emil', 100, 'cost', 'month', tz => 'UTC') > 0;
SELECT arbiter_reserve('budget.from', '2030-02-10', '2030-02-11', 1, 'emil') > 0, arbiter_reserve('budget.from', '2030-02-12', '2030-02-13', 1, 'emil') > 0;
SELECT * FROM spent('emil');
SELECT moved, reason, message, available, cost_before, cost_after FROM arbiter_evacuate('budget.from', 'budget.dear', '2030-02-10', '2030-02-14', sort_order => 'oldest');
SELECT arbiter_set_quota('emil', 120, 'cost', 'month', tz => 'UTC') > 0;
SELECT moved, reason, cost_before, cost_after FROM arbiter_evacuate('budget.from', 'budget.dear', '2030-02-10', '2030-02-14', sort_order => 'oldest');
SELECT * FROM spent('emil');
SELECT moved, reason, cost_before, cost_after FROM arbiter_evacuate('budget.from', 'budget.cheap', '2030-02-10', '2030-02-14', sort_order => 'oldest');
SELECT * FROM spent('emil');
SELECT * FROM arbiter_check();

--
-- what is refused
--
SELECT outcome($$ SELECT arbiter_set_quota('fay', -1, 'cost') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 'NaN', 'cost') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 4611686018428, 'cost') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 4611686018427, 'cost', tz => 'UTC') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 10, 'costs') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 10, 'cost', 'fortnight') $$);
SELECT outcome($$ SELECT arbiter_set_quota('fay', 10, 'amount', 'month') $$);
-- more money than can be counted
SELECT arbiter_set_capacity('budget.dear', '2030-01-01', '2030-02-01', 4611686018427387903);
SELECT outcome($$ SELECT arbiter_reserve('budget.dear', '2030-01-01', '2030-02-01', 4611686018427387903, 'fay') $$);
-- a limit is in whole millionths
SELECT arbiter_set_quota('fay', 0.0000019, 'cost', tz => 'UTC') > 0;
SELECT arbiter_set_price('budget.cheap', 0.000001, '2030-01-01', '2030-02-01');
SELECT outcome($$ SELECT arbiter_reserve('budget.cheap', '2030-01-01', '2030-01-01 01:30', 1, 'fay') $$);
SELECT outcome($$ SELECT arbiter_reserve('budget.cheap', '2030-01-01', '2030-01-01 01:29:59.999999', 1, 'fay') $$);
-- what has no end spends until 2200
SELECT arbiter_set_capacity('budget.cheap', '2031-01-01', 'infinity', 5);
SELECT arbiter_set_quota('gil', 1000, 'cost', 'year', tz => 'UTC') > 0;
SELECT outcome($$ SELECT arbiter_reserve('budget.cheap', '2031-01-01', 'infinity', 1, 'gil') $$);
SELECT arbiter_set_price('budget.cheap', 0.01, '2031-01-01', 'infinity');
SELECT arbiter_reserve('budget.cheap', '2031-01-01', 'infinity', 1, 'gil') > 0;
SELECT sum(used), count(*) FROM arbiter_quota_calendar('gil', '2030-01-01', '2300-01-01') WHERE used > 0;
SELECT * FROM arbiter_check();

--
-- damage is seen
--
BEGIN;
SET LOCAL session_replication_role TO replica;
ALTER TABLE arbiter_price DISABLE TRIGGER ALL;
UPDATE arbiter_price SET price = price * 2 WHERE resource_id = id_of('budget.cheap');
SELECT problem, count(*) > 0 FROM arbiter_check() GROUP BY 1;
ROLLBACK;

--
-- when would it fit?  The earliest start that is told is granted, and none before it
--
CREATE PROCEDURE budget_starts(rounds integer, seed double precision) LANGUAGE plpgsql AS $$
DECLARE
	first timestamptz;
	last timestamptz;
	wanted bigint;
	t record;
	probe timestamptz;
	wrong integer := 0;
	told integer := 0;
	later integer := 0;
	refused integer := 0;
	larger integer := 0;
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. rounds LOOP
		IF i % 20 = 1 THEN
			DELETE FROM arbiter_reservation WHERE user_id = 'hal';
			DELETE FROM arbiter_price WHERE resource_id = id_of('budget.random');
			INSERT INTO arbiter_price SELECT id_of('budget.random'), tstzrange(h, h + interval '8 hours'), p
			FROM (SELECT h, floor(random() * 4) AS p FROM generate_series(timestamptz '2030-01-01', '2030-01-20', '8 hours') h) s WHERE p > 0;
			PERFORM arbiter_try_reserve('budget.random', h, h + interval '4 hours', 1 + floor(random() * 3)::bigint, 'hal')
			FROM generate_series(timestamptz '2030-01-01', '2030-01-20', '3 days') h;
		END IF;
		first := timestamptz '2030-01-01' + floor(random() * 200) * interval '1 hour';
		last := first + (1 + floor(random() * 60)) * interval '1 hour';
		wanted := 1 + floor(random() * 4);
		SELECT * INTO t FROM arbiter_try_reserve('budget.random', first, last, wanted, 'hal');
		IF t.granted THEN
			PERFORM arbiter_cancel(t.reservation_id);
			CONTINUE;
		END IF;
		refused := refused + 1;
		IF t.reason <> 'RV010' THEN
			RAISE WARNING 'refused by %', t.reason;
		END IF;
		-- the largest amount is granted, one more is not
		FOR n IN 0 .. 1 LOOP
			CONTINUE WHEN t.largest_amount + n < 1;
			IF (arbiter_try_reserve('budget.random', first, last, t.largest_amount + n, 'hal')).granted <> (n = 0) THEN
				wrong := wrong + 1;
				RAISE WARNING 'largest from % to %: % + %', first, last, t.largest_amount, n;
			END IF;
			IF n = 0 THEN
				larger := larger + 1;
				DELETE FROM arbiter_reservation WHERE user_id = 'hal' AND during = tstzrange(first, last) AND amount = t.largest_amount;
			END IF;
		END LOOP;
		probe := first;
		WHILE probe < coalesce(t.earliest_start, '2030-01-21') LOOP
			probe := probe + interval '30 minutes';
			EXIT WHEN probe >= t.earliest_start;
			IF (SELECT bool_and(u.used + arbiter_cost(id_of('budget.random'), tstzrange(probe, probe + (last - first)) * tstzrange(u.start_time, u.end_time), wanted) <= u.allocated)
				FROM arbiter_quota_timeline((SELECT quota_id FROM arbiter_quota WHERE subject = 'hal'), '2029-12-31', '2030-02-11') u) THEN
				wrong := wrong + 1;
				RAISE WARNING '% from % to %: % would do, not %', wanted, first, last, probe, t.earliest_start;
				EXIT;
			END IF;
		END LOOP;
		IF t.earliest_start IS NOT NULL THEN
			told := told + 1;
			later := later + (date_trunc('hour', t.earliest_start) <> t.earliest_start)::integer;
			SELECT * INTO t FROM arbiter_try_reserve('budget.random', t.earliest_start, t.earliest_start + (last - first), wanted, 'hal');
			IF t.granted THEN
				PERFORM arbiter_cancel(t.reservation_id);
			ELSE
				wrong := wrong + 1;
				RAISE WARNING 'not granted: %', t;
			END IF;
		END IF;
	END LOOP;
	RAISE WARNING 'wrong: %; refused, told when, at odd times, smaller: %', wrong, ARRAY[refused > rounds / 5, told > rounds / 5, later > 0, larger > 0];
END
$$;
SELECT arbiter_create_resource('budget.random') > 0;
SELECT arbiter_set_capacity('budget.random', '2029-12-01', '2030-03-01', 1000);
SELECT arbiter_set_quota('hal', 60, 'cost', 'week', tz => 'UTC') > 0;
CALL budget_starts(200, 0.2);

--
-- at random: what was spent is the sum of what reservations cost in each window
--
CREATE PROCEDURE budget_rounds(rounds integer, seed double precision) LANGUAGE plpgsql AS $$
DECLARE
	users text[] := '{ian,jo,kim}';
	rid bigint;
	differences integer := 0;
	refused integer := 0;
	granted integer := 0;
	repriced integer := 0;
	s timestamptz;
	e timestamptz;
	what double precision;
	state text;
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. rounds LOOP
		s := timestamptz '2030-01-01' + floor(random() * 100 * 86400) * interval '1 second';
		e := s + (1 + floor(random() * 86400 * 5)) * interval '1 second';
		what := random();
		SELECT v.reservation_id INTO rid FROM (SELECT reservation_id FROM arbiter_reservation WHERE user_id = ANY (users) AND status = 'confirmed' ORDER BY 1) v
		ORDER BY random() LIMIT 1;
		BEGIN
			IF what < 0.5 THEN
				PERFORM arbiter_reserve('budget.r' || 1 + floor(random() * 2), s, e, 1 + floor(random() * 4)::bigint, users[1 + floor(random() * 3)]);
				granted := granted + 1;
			ELSIF what < 0.55 THEN
				PERFORM arbiter_cancel(rid);
			ELSIF what < 0.6 THEN
				PERFORM arbiter_move(rid, s);
			ELSIF what < 0.65 THEN
				PERFORM arbiter_resize(rid, 1 + floor(random() * 6)::bigint);
			ELSIF what < 0.7 THEN
				PERFORM arbiter_transfer(rid, users[1 + floor(random() * 3)]);
			ELSIF what < 0.75 THEN
				UPDATE arbiter_reservation SET during = tstzrange(s, e), resource_id = id_of('budget.r2') WHERE reservation_id = rid;
			ELSIF what < 0.8 THEN
				PERFORM arbiter_evacuate('budget.r1', 'budget.r2', s, e);
			ELSIF what < 0.9 THEN
				PERFORM arbiter_set_price('budget.r' || 1 + floor(random() * 2), nullif(round((random() * 4)::numeric, 3), 0), s, e);
				repriced := repriced + 1;
			ELSIF what < 0.93 THEN
				UPDATE arbiter_price SET price = round(price * 1.1, 6) WHERE resource_id = id_of('budget.r1');
				repriced := repriced + 1;
			ELSE
				PERFORM arbiter_set_quota(users[1 + floor(random() * 3)], floor(random() * 900)::numeric, 'cost', 'month', tz => 'Europe/London', start_time => date_trunc('month', s));
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
			IF state <> 'RV010' THEN
				RAISE;
			END IF;
			refused := refused + 1;
		END;
		IF i % 10 = 0 THEN
			differences := differences + (
				SELECT count(*) FROM arbiter_quota q
				CROSS JOIN LATERAL arbiter_quota_timeline(q.quota_id, '2029-12-01', '2030-06-01') t
				WHERE q.measure = 'cost' AND (q.subject = ANY (users) OR q.subject = 'budget.group') AND t.used <> (
					SELECT coalesce(sum(round(v.amount * (
							SELECT sum(p.price * extract(epoch FROM upper(p.during * w.span) - lower(p.during * w.span)))
							FROM arbiter_price p WHERE p.resource_id = v.resource_id AND p.during && w.span) / 3600, 6)), 0)
					FROM arbiter_reservation v
					-- a step of the timeline may be a part of its window
					CROSS JOIN LATERAL (SELECT v.during * tstzrange(
						date_trunc(q.per, t.start_time AT TIME ZONE q.tz) AT TIME ZONE q.tz,
						(date_trunc(q.per, t.start_time AT TIME ZONE q.tz) + ('1 ' || q.per)::interval) AT TIME ZONE q.tz)) w (span)
					WHERE v.status = 'confirmed' AND NOT isempty(w.span)
						AND (v.user_id = q.subject OR (q.subject = 'budget.group' AND v.user_id = ANY ('{ian,jo}'::text[])))
						AND (q.resource_id IS NULL OR q.resource_id = v.resource_id)));
		END IF;
	END LOOP;
	RAISE WARNING '% differences; granted, refused, priced anew: %', differences, ARRAY[granted > rounds / 10, refused > rounds / 20, repriced > rounds / 20];
END
$$;
SELECT arbiter_create_resource('budget.r' || n) > 0 FROM generate_series(1, 2) n;
SELECT arbiter_set_capacity('budget.r' || n, '2029-12-01', '2030-06-01', 10000), arbiter_set_price('budget.r' || n, n) FROM generate_series(1, 2) n;
SELECT count(arbiter_set_quota(u, 500, 'cost', 'month', tz => 'Europe/London')) FROM unnest('{ian,jo,kim}'::text[]) u;
SELECT arbiter_set_quota('budget.group', 400, 'cost', 'week', resource => 'budget.r1', subject_kind => 'group', tz => 'Europe/London') > 0;
SELECT arbiter_add_member('budget.group', u) FROM unnest('{ian,jo}'::text[]) u;
CALL budget_rounds(600, 0.3);
SELECT * FROM arbiter_check();

DROP PROCEDURE budget_rounds, budget_starts;
DROP FUNCTION spent;
SELECT arbiter_drop_quota(subject, measure, per, (SELECT name FROM arbiter_resource r WHERE r.resource_id = q.resource_id), resource_type, subject_kind)
FROM arbiter_quota q WHERE measure = 'cost';
SELECT count(arbiter_drop_member(group_id, user_id)) FROM arbiter_group_member WHERE group_id IN ('budget.lab', 'budget.group');
SELECT count(arbiter_drop_resource(name, force => true)) FROM arbiter_resource WHERE name LIKE 'budget.%';
SELECT * FROM arbiter_check();
