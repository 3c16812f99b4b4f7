-- arbiter_try_reserve: a refusal is a row with alternatives, and is logged.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
-- the denials of other tests are not looked at
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('try', unit => 'gpu') > 0;
SELECT arbiter_load_schedule('try',
	'{{1707165008,1708374608,64},{1708374608,1710793808,96},{1710793808,1711398608,32},{1711398608,1713213008,128}}');

-- granted: the id, nothing else, no denial
SELECT granted, reservation_id > 0, reason, message, limiting_time, available, earliest_start,
	largest_amount, limiting_resource
FROM arbiter_try_reserve(1707165008, 1708374608, 40, '4242', 'try');
SELECT count(*) FROM arbiter_denial WHERE denial_id > :before;

\pset tuples_only off
\pset expanded on
-- RV001, RV002: in words and as columns
SELECT * FROM arbiter_try_reserve(1707165008, 1708374608, 65, '4242', 'try');
SELECT * FROM arbiter_try_reserve(1708374650, 1711398566, 33, '4242', 'try');
SELECT * FROM arbiter_try_reserve(1707165008, 1708374608, 129, '4242', 'try');
SELECT * FROM arbiter_try_reserve(1707164966, 1708374608, 64, '4242', 'try');
SELECT * FROM arbiter_try_reserve('try', to_timestamp(1711398608), to_timestamp(1713213050), 64, '4242');
SELECT * FROM arbiter_try_reserve('try', '2001-01-01', '2001-01-02', 1, '4242');
SELECT * FROM arbiter_try_reserve('try', '2024-04-01', 'infinity', 1, '4242');
SELECT * FROM arbiter_try_reserve(1707165008, 1713213008, 9223372036854775807, '4242', 'try');
-- each of them in the log
SELECT d.denied_at BETWEEN now() - interval '1 h' AND clock_timestamp() AS timely, d.resource_id = id_of('try') AS own,
	d.during, d.amount, d.user_id, d.reason, d.message, d.limiting_time, d.available,
	d.earliest_start, d.largest_amount, d.requirements
FROM arbiter_denial d WHERE denial_id > :before ORDER BY denial_id;
\pset expanded off
\pset tuples_only on
SELECT count(*) FROM arbiter_reservation WHERE resource_id = id_of('try');

-- RV006
SELECT arbiter_alter_resource('try', min_lead => '30 min');
SELECT granted, reservation_id, reason, earliest_start > now() + interval '29 min'
FROM arbiter_try_reserve('try', '2024-02-20', '2024-02-21', 1, '4242');
SELECT arbiter_alter_resource('try', clear => '{min_lead}');
SELECT reason, count(*) FROM arbiter_denial WHERE denial_id > :before GROUP BY reason ORDER BY reason;

-- the row says what the error says
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 65, '4242', 'try') $$);

-- a denial belongs to the caller's transaction
SELECT count(*) AS denied FROM arbiter_denial WHERE denial_id > :before \gset
BEGIN;
SELECT granted FROM arbiter_try_reserve(1707165008, 1708374608, 65, '4242', 'try');
SELECT count(*) - :denied FROM arbiter_denial WHERE denial_id > :before;
ROLLBACK;
SELECT count(*) - :denied FROM arbiter_denial WHERE denial_id > :before;
-- a plain refusal cannot log
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 65, '4242', 'try') $$);
SELECT count(*) - :denied FROM arbiter_denial WHERE denial_id > :before;
-- wrong arguments raise and are not logged
SELECT outcome($$ SELECT arbiter_try_reserve(1708374608, 1707165008, 65, '4242', 'try') $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008000, 1708374608000, 65, '4242', 'try') $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008, 1708374608, 0, '4242', 'try') $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008, 1708374608, 65, '4242', 'tri') $$);
SELECT arbiter_alter_resource('try', granularity => '1 h');
SELECT outcome($$ SELECT arbiter_try_reserve(1707165008, 1708374608, 65, '4242', 'try') $$);
SELECT arbiter_alter_resource('try', clear => '{granularity}');
SELECT count(*) - :denied FROM arbiter_denial WHERE denial_id > :before;

-- in the middle of a transaction that goes on
BEGIN;
SELECT granted FROM arbiter_try_reserve(1707165008, 1708374608, 24, '4242', 'try');
SELECT granted, reason, available FROM arbiter_try_reserve(1707165008, 1708374608, 24, '4242', 'try');
SELECT granted, reason, available FROM arbiter_try_reserve(1711398608, 1713213008, 128, '4242', 'try');
SELECT granted, reason, available FROM arbiter_try_reserve(1711398608, 1713213008, 1, '4242', 'try');
COMMIT;
SELECT during, amount, status FROM booked('try');

-- refused many times in one statement: each is judged after the one before
SELECT arbiter_create_resource('try.many') > 0;
SELECT arbiter_set_capacity('try.many', '2030-01-01', '2030-01-02', 10);
SELECT string_agg(CASE WHEN t.granted THEN '+' ELSE '-' END, '' ORDER BY n)
FROM generate_series(1, 10) n
CROSS JOIN LATERAL arbiter_try_reserve('try.many', '2030-01-01', '2030-01-02', (n % 4) + 1) t;
SELECT * FROM arbiter_timeline('try.many', '2030-01-01', '2030-01-02');
SELECT count(*) FROM arbiter_denial WHERE resource_id = id_of('try.many');

--
-- alternatives: against a search by hand
--
-- The earliest start not before the asked one at which the request fits is the
-- asked one or the start of a step.
CREATE FUNCTION naive_earliest(resource text, start_time timestamptz, end_time timestamptz, amount bigint)
RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT min(s.instant)
	FROM (SELECT start_time
		  UNION SELECT lower(n.during) FROM naive_steps(resource, start_time, '2031-01-01') n) s (instant)
	WHERE naive_available(resource, s.instant, s.instant + (end_time - start_time)) >= amount
$$;
SELECT arbiter_create_resource('try.search') > 0;
SELECT arbiter_set_capacity('try.search', '2030-01-01', '2030-03-01', 20);
SELECT arbiter_set_capacity('try.search', '2030-01-20', '2030-01-22', NULL);
SELECT arbiter_set_capacity('try.search', '2030-02-10', '2030-02-20', 30);
CREATE TEMPORARY TABLE refused (start_time timestamptz, end_time timestamptz, amount bigint,
	reason text, limiting_time timestamptz, available bigint, earliest_start timestamptz, largest_amount bigint);
SELECT setseed(0.42);
DO $$
DECLARE
	s timestamptz;
	e timestamptz;
	a bigint;
	t record;
BEGIN
	FOR n IN 1 .. 400 LOOP
		s := timestamptz '2030-01-01' + floor(random() * 59 * 24) * interval '1 hour';
		e := s + (1 + floor(random() * 72)) * interval '1 hour';
		a := 1 + floor(random() * 8);
		SELECT * INTO t FROM arbiter_try_reserve('try.search', s, e, a);
		IF NOT t.granted THEN
			-- compared at once, while the timeline is what it was
			INSERT INTO refused VALUES (s, e, a, t.reason, t.limiting_time, t.available, t.earliest_start,
				t.largest_amount);
			IF t.earliest_start IS DISTINCT FROM naive_earliest('try.search', s, e, a) THEN
				RAISE WARNING '% x % .. %: earliest start %, by hand %', a, s, e, t.earliest_start,
					naive_earliest('try.search', s, e, a);
			END IF;
			IF t.largest_amount IS DISTINCT FROM naive_available('try.search', s, e) THEN
				RAISE WARNING '% x % .. %: largest amount %, by hand %', a, s, e, t.largest_amount,
					naive_available('try.search', s, e);
			END IF;
			-- the first instant of the least available
			IF t.reason = 'RV001' AND (t.limiting_time, t.available::numeric) IS DISTINCT FROM (
				SELECT (lower(n.during), n.available) FROM naive_steps('try.search', s, e) n
				ORDER BY n.available, n.during LIMIT 1) THEN
				RAISE WARNING '% x % .. %: % available at %', a, s, e, t.available, t.limiting_time;
			END IF;
			-- the first instant that is not declared
			IF t.reason = 'RV002' AND t.limiting_time IS DISTINCT FROM (
				SELECT min(lower(c.during)) FROM arbiter_timeline('try.search', s, e) c WHERE c.capacity = 0) THEN
				RAISE WARNING '% x % .. %: not declared at %', a, s, e, t.limiting_time;
			END IF;
		END IF;
	END LOOP;
END
$$;
SELECT reason, count(*) > 10, count(earliest_start) > 10 FROM refused GROUP BY reason ORDER BY reason;
SELECT * FROM arbiter_check('try.search');
SELECT * FROM timeline_differences('try.search', '2029-12-01', '2030-04-01');

-- how far the earliest start is searched
SELECT arbiter_create_resource('try.far') > 0;
SELECT arbiter_set_capacity('try.far', '2030-01-01', '2032-01-01', 5);
SELECT arbiter_reserve('try.far', '2030-01-01', '2030-07-01', 5) > 0;
SELECT earliest_start FROM arbiter_try_reserve('try.far', '2030-01-01', '2030-01-02', 1);
SET arbiter.search_horizon TO '30 d';
SELECT earliest_start FROM arbiter_try_reserve('try.far', '2030-01-01', '2030-01-02', 1);
SELECT outcome($$ SELECT arbiter_reserve('try.far', '2030-01-01', '2030-01-02', 1) $$);
SET arbiter.search_horizon TO 0;
SELECT earliest_start FROM arbiter_try_reserve('try.far', '2030-01-01', '2030-01-02', 1);
RESET arbiter.search_horizon;
-- an alternative is a multiple of the granularity
SELECT arbiter_create_resource('try.grid') > 0;
SELECT arbiter_set_capacity('try.grid', '2030-01-01', '2032-01-01', 5);
SELECT arbiter_reserve('try.grid', '2030-01-01 00:00', '2030-01-01 10:07', 5) > 0;
SELECT arbiter_alter_resource('try.grid', granularity => '15 min');
SELECT earliest_start, largest_amount FROM arbiter_try_reserve('try.grid', '2030-01-01 00:00', '2030-01-01 01:00', 1);
SELECT granted FROM arbiter_try_reserve('try.grid', '2030-01-01 10:15', '2030-01-01 11:15', 1);
SELECT * FROM arbiter_check();
DROP FUNCTION naive_earliest(text, timestamptz, timestamptz, bigint);
