-- Prices: what a unit-hour costs over time, and what reservations cost by them.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- the prices of a resource
CREATE FUNCTION priced(resource text) RETURNS TABLE (during tstzrange, price numeric)
LANGUAGE sql STABLE AS $$
	SELECT p.during, p.price FROM arbiter_price p
	WHERE p.resource_id = id_of(resource) ORDER BY p.during
$$;

SELECT arbiter_create_resource('price') > 0;
SELECT arbiter_set_capacity('price', '2030-01-01', 'infinity', 100);

-- without a price it is free
SELECT arbiter_quote('price', '2030-01-02 10:00', '2030-01-02 11:30', 4);

-- a price for all time; 90 minutes of 4 units at 2.50
SELECT arbiter_set_price('price', 2.50);
SELECT * FROM priced('price');
SELECT arbiter_quote('price', '2030-01-02 10:00', '2030-01-02 11:30', 4);

-- a range of its own cuts what was there, at both ends
SELECT arbiter_set_price('price', 4, '2030-01-02 11:00', '2030-01-02 12:00');
SELECT * FROM priced('price');
SELECT arbiter_quote('price', '2030-01-02 10:00', '2030-01-02 11:30', 4) AS hour_and_half,
	arbiter_quote('price', '2030-01-02 10:00', '2030-01-02 11:00', 4) AS before,
	arbiter_quote('price', '2030-01-02 11:00', '2030-01-02 12:00', 4) AS within,
	arbiter_quote('price', '2030-01-02 12:00', '2030-01-02 13:00', 4) AS after,
	arbiter_quote('price', '2030-01-02 10:00', '2030-01-02 13:00', 4) AS across;

-- several at once are replaced, and what has the same price as its neighbour is one row
SELECT arbiter_set_price('price', 8, '2030-01-02 12:00', '2030-01-02 13:00');
SELECT arbiter_set_price('price', 1, '2030-01-02 11:30', '2030-01-02 12:30');
SELECT * FROM priced('price');
SELECT arbiter_set_price('price', 1.000, '2030-01-02 11:00', '2030-01-02 11:30');
SELECT arbiter_set_price('price', 1, '2030-01-02 12:30', '2030-01-02 13:00');
SELECT * FROM priced('price');
-- what is so already is left alone, and so are rows that the range does not meet
SELECT ctid AS before FROM arbiter_price WHERE resource_id = id_of('price') AND price = 1 \gset
SELECT arbiter_set_price('price', 1, '2030-01-02 11:15', '2030-01-02 12:00');
SELECT arbiter_set_price('price', 7, '2030-01-03', '2030-01-04');
SELECT ctid = :'before' AS untouched FROM arbiter_price WHERE resource_id = id_of('price') AND price = 1;
-- NULL takes the price away
SELECT arbiter_set_price('price', NULL, '2030-01-02 11:30', '2030-01-03 12:00');
SELECT * FROM priced('price');
SELECT arbiter_quote('price', '2030-01-02 11:00', '2030-01-03 13:00', 1) AS of_half_an_hour_and_one;
-- 0 is a price, of the same effect
SELECT arbiter_set_price('price', 0, '2030-01-04', 'infinity');
SELECT arbiter_set_price('price', NULL, '-infinity', '2030-01-02 11:00');
SELECT * FROM priced('price');
SELECT arbiter_quote('price', '2030-01-01', 'infinity', 2) AS finite;
SELECT arbiter_set_price('price', NULL);
SELECT count(*) FROM priced('price');

-- infinity: only where neither the range nor the price has an end
SELECT arbiter_set_price('price', 0.5, '2030-01-01', '2030-01-02');
SELECT arbiter_quote('price', '2030-01-01', 'infinity', 2);
SELECT arbiter_set_price('price', 0.5, '2030-01-03');
SELECT arbiter_quote('price', '2030-01-01', 'infinity', 2);
SELECT arbiter_quote('price', '2030-01-01', '2030-01-03', 2);

-- exact to a millionth, and rounded once: a third of a cent a second
SELECT arbiter_set_price('price', 0.01, '2030-01-01', '2031-01-01');
SELECT arbiter_quote('price', '2030-01-01', '2030-01-01 00:00:01', 1) AS one_second,
	arbiter_quote('price', '2030-01-01', '2030-01-01 00:00:01', 1000000) AS a_million,
	arbiter_quote('price', '2030-01-01', '2030-01-01 00:00:01.000001', 1) AS a_little_more;
SELECT arbiter_set_price('price', 0.000001);
-- half a millionth is rounded up, a microsecond less is rounded down
SELECT arbiter_quote('price', '2030-01-01', '2030-01-01 00:30', 1) AS half,
	arbiter_quote('price', '2030-01-01', '2030-01-01 00:29:59.999999', 1) AS less;
-- also of a large sum that is next to it
SELECT arbiter_set_price('price', 1.000003);
SELECT arbiter_quote('price', '2030-01-01', timestamptz '2030-01-01' + interval '183117 hours' + interval '1622333333 microseconds', 1) AS less,
	arbiter_quote('price', '2030-01-01', timestamptz '2030-01-01' + interval '183117 hours' + interval '1622333334 microseconds', 1) AS more;
-- the largest there is
SELECT arbiter_set_price('price', 999999999999.999999);
SELECT arbiter_quote('price', '2000-01-01', '294276-01-01', 9223372036854775807);
SELECT arbiter_cost(id_of('price'), '[4713-01-01 BC,294276-01-01)', 1);
-- hours are those that pass, also when clocks change
SET timezone TO 'Europe/London';
SELECT arbiter_set_price('price', 1);
SELECT arbiter_quote('price', '2030-03-30', '2030-03-31', 1) AS day, arbiter_quote('price', '2030-03-31', '2030-04-01', 1) AS shorter,
	arbiter_quote('price', '2030-10-27', '2030-10-28', 1) AS longer;
SET timezone TO 'UTC';

-- what is refused
SELECT outcome($$ SELECT arbiter_set_price(NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_set_price('no price', 1) $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, NULL) $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, '2030-01-01', NULL) $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, '2030-01-02', '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, '2030-01-02', '2030-01-02') $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, '-infinity', '-infinity') $$);
SELECT outcome($$ SELECT arbiter_set_price('price', 1, 'infinity', 'infinity') $$);
SELECT outcome(format('SELECT arbiter_set_price(''price'', %L)', p)) FROM unnest('{-0.01,1e12,0.0000001,NaN,Infinity,-Infinity}'::text[]) p;
SELECT outcome(format('SELECT arbiter_set_price(''price'', %L)', p)) FROM unnest('{999999999999.999999,0,0.0000010}'::text[]) p;
SELECT outcome($$ SELECT arbiter_quote(NULL, '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_quote('price', NULL, '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_quote('price', '2030-01-01', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_quote('price', '2030-01-01', '2030-01-02', NULL) $$);
SELECT outcome($$ SELECT arbiter_quote('price', '2030-01-01', '2030-01-02', 0) $$);
SELECT outcome($$ SELECT arbiter_quote('price', '2030-01-02', '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_quote('price', '-infinity', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_quote('no price', '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_cost(NULL) $$);
SELECT outcome($$ SELECT arbiter_cost(-987654321) $$);
SELECT arbiter_cost(NULL, '[2030-01-01,2030-01-02)', 1), arbiter_cost(1, NULL, 1), arbiter_cost(1, '[2030-01-01,2030-01-02)', NULL);
-- ... and what a range may be that is none of a reservation
SELECT arbiter_set_price('price', 1);
SELECT arbiter_cost(id_of('price'), 'empty', 1) AS empty, arbiter_cost(id_of('price'), '(,)', 1) AS unbounded,
	arbiter_cost(id_of('price'), '(,2030-01-01)', 1) AS no_start, arbiter_cost(id_of('price'), '(,2030-01-01)', 0) AS of_nothing,
	arbiter_cost(id_of('price'), '(2030-01-01 09:00,2030-01-01 10:00]', 1) AS other_bounds, arbiter_cost(-987654321, '[2030-01-01,2030-01-02)', 1) AS no_resource;
BEGIN READ ONLY;
SELECT arbiter_quote('price', '2030-01-01', '2030-01-02', 1);
SELECT outcome($$ SELECT arbiter_set_price('price', 1) $$);
COMMIT;

-- reservations: all parts of what is active, by the range that was asked for
SELECT arbiter_create_resource('price core', setup_time => '1 hour', cleanup_time => '1 hour') > 0, arbiter_create_resource('price disc') > 0;
SELECT arbiter_set_capacity(r, '2030-01-01', '2030-06-01', 100) FROM unnest('{price core,price disc}'::text[]) r;
SELECT arbiter_set_price('price core', 3), arbiter_set_price('price disc', 0.25);
SELECT arbiter_reserve('price core', '2030-02-01 10:00', '2030-02-01 12:00', 5, 'ada') AS plain,
	arbiter_reserve_all('{"price core": 2, "price disc": 8}', '2030-02-02 10:00', '2030-02-02 14:00', 'ada') AS bundle,
	arbiter_reserve_spans('price disc', '{[2030-02-03 10:00, 2030-02-03 11:00), [2030-02-04 10:00, 2030-02-04 12:00)}', 4, 'ada') AS spans,
	arbiter_hold('price core', '2030-02-05 10:00', '2030-02-05 11:00', 2, ttl => '1 hour', user_id => 'bob') AS hold \gset
SELECT arbiter_cost(:plain) AS plain, arbiter_cost(:bundle) AS bundle, arbiter_cost(:spans) AS spans, arbiter_cost(:hold) AS hold;
SELECT count(*) FROM arbiter_reserve_series('price core', 2, '1 hour', 'FREQ=DAILY;COUNT=3', '2030-03-01 10:00', 'UTC', user_id => 'course');
SELECT arbiter_cost(reservation_id) FROM arbiter_reservation WHERE user_id = 'course' ORDER BY occurrence;
-- a reservation knows what it costs whatever is done to it
SELECT arbiter_extend(:plain, '2030-02-01 13:00');
SELECT arbiter_cost(:plain) AS extended;
SELECT arbiter_resize(:plain, 10);
SELECT arbiter_cost(:plain) AS resized;
SELECT arbiter_set_price('price core', 4, '2030-02-11', '2030-02-12');
SELECT arbiter_move(:plain, '2030-02-10 23:00');
SELECT arbiter_cost(:plain) AS moved;
SELECT arbiter_truncate(:plain, '2030-02-11 01:00');
SELECT arbiter_cost(:plain) AS truncated;
SELECT arbiter_resize(:plain, 1, from_time => '2030-02-11');
SELECT arbiter_cost(:plain) AS smaller_from_midnight;
SELECT arbiter_set_price('price core', 100, '2030-02-11', '2030-02-12');
SELECT arbiter_cost(:plain) AS dearer;
SELECT arbiter_resize(:bundle, 3, 'price core');
SELECT arbiter_transfer(:bundle, 'bob');
SELECT user_id, status, cost FROM arbiter_booking WHERE reservation_id IN (:plain, :bundle, :spans, :hold) ORDER BY reservation_id;
-- what is cancelled costs nothing, nor does a hold that has expired, marked or not
SELECT arbiter_cancel(:plain);
UPDATE arbiter_reservation SET expires_at = '2020-01-01' WHERE reservation_id = :hold;
SELECT user_id, status, cost, arbiter_cost(reservation_id) FROM arbiter_booking WHERE reservation_id IN (:plain, :hold) ORDER BY reservation_id;
SELECT arbiter_expire() > 0;
SELECT status, cost, arbiter_cost(reservation_id) FROM arbiter_booking WHERE reservation_id = :hold;
-- evacuated: what it costs before and after
SELECT arbiter_create_resource('price west') > 0;
SELECT arbiter_set_capacity('price west', '2030-01-01', '2030-06-01', 6);
SELECT arbiter_set_price('price west', 2);
SELECT arbiter_reserve('price core', '2030-05-01 10:00', '2030-05-01 12:00', 5, 'dora') > 0,
	arbiter_reserve('price core', '2030-05-01 10:00', '2030-05-01 12:00', 4, 'emil') > 0;
SELECT user_id, amount, moved, reason, cost_before, cost_after, cost_after - cost_before AS change
FROM arbiter_evacuate('price core', 'price west', '2030-05-01', '2030-05-02', sort_order => 'largest');
SELECT user_id, cost FROM arbiter_booking WHERE resources <@ '{price core,price west}' AND user_id IN ('dora', 'emil') ORDER BY user_id;

-- usage tells what was spent and what is booked; of what costs nothing, nothing
SELECT arbiter_create_resource('price now') > 0;
SELECT arbiter_set_capacity('price now', '2020-01-01', 'infinity', 10);
SELECT arbiter_set_price('price now', 1.5);
SELECT arbiter_reserve('price now', now() - interval '2 hours', now() - interval '1 hour', 2, 'ada') > 0,
	arbiter_reserve('price now', now() + interval '1 hour', now() + interval '3 hours', 4, 'ada') > 0,
	arbiter_reserve('price now', now() + interval '1 hour', 'infinity', 1, 'bob') > 0;
SELECT user_id, used_cost, CASE WHEN user_id = 'ada' THEN booked_cost::text ELSE (booked_cost = booked_hours * 1.5 OR abs(booked_cost - booked_hours * 1.5) < 0.02)::text END
FROM arbiter_usage WHERE resource = 'price now' ORDER BY user_id;
SELECT user_id, cost FROM arbiter_booking WHERE resources = '{price now}' ORDER BY user_id, cost;
-- the report has a column for it where something costs
SELECT r, regexp_count(arbiter_report('2030-02-01', '2030-02-10', ARRAY[r]), '>Cost<') AS columns,
	(regexp_matches(arbiter_report('2030-02-01', '2030-02-10', ARRAY[r]), '<td class="n">([0-9.,]+)</td></tr>\n</tbody></table></div>\n</section>\n<section id="refusals">'))[1] AS cost
FROM unnest('{price disc}'::text[]) r;
SELECT arbiter_set_price('price disc', NULL);
SELECT regexp_count(arbiter_report('2030-02-01', '2030-02-10', '{price disc}'), '>Cost<'), regexp_count(arbiter_report('2031-02-01', '2031-02-10', '{price disc}'), 'None in this range');

-- raw rows: the range is stored half-open, infinite ends as such
INSERT INTO arbiter_price SELECT id_of('price disc'), r::tstzrange, 1 FROM unnest('{"(,2030-01-01]","(2030-01-02,2030-01-03)","[2030-01-04,)"}'::text[]) r;
SELECT * FROM priced('price disc');
SELECT lower_inf(during), upper_inf(during) FROM priced('price disc');
UPDATE arbiter_price SET during = '(2030-01-02 12:00,2030-01-03]' WHERE resource_id = id_of('price disc') AND lower(during) > '2030-01-02' AND upper(during) < '2030-01-04';
SELECT * FROM priced('price disc');
SELECT outcome($$ INSERT INTO arbiter_price VALUES (id_of('price disc'), 'empty', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_price VALUES (id_of('price disc'), '[2030-01-03 05:00,2030-01-05)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_price VALUES (-1, '[2030-01-03 05:00,2030-01-03 06:00)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_price VALUES (NULL, '[2030-01-03 05:00,2030-01-03 06:00)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_price VALUES (id_of('price disc'), NULL, 1) $$);
SELECT outcome($$ INSERT INTO arbiter_price VALUES (id_of('price disc'), '[2030-01-03 05:00,2030-01-03 06:00)', NULL) $$);
SELECT outcome(format('INSERT INTO arbiter_price VALUES (id_of(''price disc''), ''[2030-01-03 05:00,2030-01-03 06:00)'', %L)', p)) FROM unnest('{-0.01,1e12,0.0000001,NaN,Infinity}'::text[]) p;
SELECT outcome($$ UPDATE arbiter_price SET resource_id = -1 WHERE resource_id = id_of('price disc') $$);
-- ranges can change places: the constraint can wait
BEGIN;
SET CONSTRAINTS arbiter_price_excl DEFERRED;
UPDATE arbiter_price SET during = '[2031-01-01,)' WHERE resource_id = id_of('price disc') AND lower(during) = '-infinity';
SELECT outcome($$ SET CONSTRAINTS arbiter_price_excl IMMEDIATE $$);
UPDATE arbiter_price SET during = '[2030-01-04,2031-01-01)' WHERE resource_id = id_of('price disc') AND lower(during) = '2030-01-04';
SET CONSTRAINTS arbiter_price_excl IMMEDIATE;
COMMIT;
SELECT * FROM priced('price disc');
-- a trigger of a user has its say, and is held to the same
CREATE FUNCTION price_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_ARGV[0] = 'range' THEN
		NEW.during := '(2030-01-03 12:00,2030-01-03 13:00]';
	ELSIF TG_ARGV[0] = 'price' THEN
		NEW.price := -1;
	ELSE
		RETURN NULL;
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER price_trigger BEFORE INSERT ON arbiter_price FOR EACH ROW EXECUTE FUNCTION price_trigger('range');
SELECT arbiter_set_price('price disc', 9, '2030-01-03 05:00', '2030-01-03 06:00');
DROP TRIGGER price_trigger ON arbiter_price;
CREATE TRIGGER price_trigger BEFORE INSERT ON arbiter_price FOR EACH ROW EXECUTE FUNCTION price_trigger('price');
SELECT outcome($$ SELECT arbiter_set_price('price disc', 9, '2032-01-01', '2033-01-01') $$);
DROP TRIGGER price_trigger ON arbiter_price;
CREATE TRIGGER price_trigger BEFORE INSERT ON arbiter_price FOR EACH ROW EXECUTE FUNCTION price_trigger('none');
SELECT outcome($$ SELECT arbiter_set_price('price disc', 9, '2032-01-01', '2033-01-01') $$);
DROP TRIGGER price_trigger ON arbiter_price;
SELECT * FROM priced('price disc');

-- the trigger function is for its own trigger
CREATE TRIGGER price_trigger BEFORE INSERT ON arbiter_denial FOR EACH ROW EXECUTE FUNCTION arbiter_price_trigger();
SELECT outcome($$ INSERT INTO arbiter_denial (resource_id, during, amount, user_id, reason, message) VALUES (1, '[2030-01-01,2030-01-02)', 1, 'ada', 'RV001', 'no') $$);
DROP TRIGGER price_trigger ON arbiter_denial;
CREATE TRIGGER price_trigger BEFORE DELETE ON arbiter_price FOR EACH ROW EXECUTE FUNCTION arbiter_price_trigger();
SELECT outcome($$ DELETE FROM arbiter_price $$);
DROP TRIGGER price_trigger ON arbiter_price;

-- a price without a resource is found, and goes with it
SELECT arbiter_create_resource('price gone') AS gone \gset
SELECT arbiter_set_price('price gone', 5);
SELECT arbiter_drop_resource('price gone');
SELECT count(*) FROM arbiter_price WHERE resource_id = :gone;
SELECT outcome($$ SELECT arbiter_set_price('price gone', 5) $$);
-- a COPY loads what may come before its resource
COPY arbiter_price FROM stdin;
-1	(2030-01-01,2030-01-02]	5
\.
SELECT * FROM arbiter_check() WHERE resource_id = -1;
DELETE FROM arbiter_price WHERE resource_id = -1;
-- with force too, and so it does by a raw DELETE
SELECT arbiter_create_resource('price gone') AS gone \gset
SELECT arbiter_set_capacity('price gone', '2030-01-01', '2030-02-01', 1);
SELECT arbiter_set_price('price gone', 5);
SELECT arbiter_reserve('price gone', '2030-01-01', '2030-01-02', 1) > 0;
SELECT outcome($$ SELECT arbiter_drop_resource('price gone') $$);
SELECT * FROM priced('price gone');
SELECT arbiter_drop_resource('price gone', force => true);
SELECT count(*) FROM arbiter_price WHERE resource_id = :gone;
SELECT arbiter_create_resource('price gone') AS gone \gset
SELECT arbiter_set_price('price gone', 5);
DELETE FROM arbiter_resource WHERE name = 'price gone';
SELECT count(*) FROM arbiter_price WHERE resource_id = :gone;

-- at random: against sums by plain SQL over a table of hours
SELECT setseed(0.42);
SELECT arbiter_create_resource('price random') > 0;
CREATE TEMPORARY TABLE hour (instant timestamptz PRIMARY KEY, price numeric);
INSERT INTO hour SELECT h, NULL FROM generate_series(timestamptz '2030-01-01', '2030-01-05', '1 hour') h;
DO $$
DECLARE
	first timestamptz;
	last timestamptz;
	amount integer;
	new_price numeric;
	model numeric;
	found numeric;
	differences integer := 0;
	priced integer := 0;
BEGIN
	FOR i IN 1..600 LOOP
		first := timestamptz '2030-01-01' + floor(random() * 96) * interval '1 hour';
		last := least(first + (1 + floor(random() * 20)) * interval '1 hour', '2030-01-05');
		new_price := CASE WHEN random() < 0.2 THEN NULL ELSE round((random() * 3)::numeric, (random() * 2)::integer) END;
		IF random() < 0.7 THEN
			PERFORM arbiter_set_price('price random', new_price, first, last);
		ELSE
			-- and by plain SQL, in parts
			DELETE FROM arbiter_price p WHERE p.resource_id = id_of('price random') AND p.during <@ tstzrange(first, last);
			PERFORM arbiter_set_price('price random', NULL, first, last);
			INSERT INTO arbiter_price SELECT id_of('price random'), tstzrange(h.instant, h.instant + interval '1 hour'), new_price
			FROM hour h WHERE h.instant >= first AND h.instant < last AND new_price IS NOT NULL;
		END IF;
		UPDATE hour h SET price = new_price WHERE h.instant >= first AND h.instant < last;
		first := timestamptz '2029-12-31 22:00' + floor(random() * 100 * 60) * interval '1 minute';
		last := first + (1 + floor(random() * 3000)) * interval '1 minute';
		amount := 1 + floor(random() * 9);
		SELECT coalesce(sum(amount * h.price * extract(epoch FROM least(last, h.instant + interval '1 hour') - greatest(first, h.instant)) / 3600), 0) INTO model
		FROM hour h WHERE h.instant < last AND h.instant + interval '1 hour' > first AND h.price IS NOT NULL AND h.instant < '2030-01-05';
		found := arbiter_quote('price random', first, last, amount);
		IF abs(found - model) > 0.000001 THEN
			differences := differences + 1;
			RAISE WARNING 'from % to %, %: % instead of %', first, last, amount, found, model;
		END IF;
		priced := priced + (found > 0)::integer;
	END LOOP;
	RAISE WARNING '% differences, most cost something: %', differences, priced > 500;
END
$$;
-- what the rows say is what the model says, hour by hour
SELECT count(*) FROM hour h LEFT JOIN arbiter_price p ON p.resource_id = id_of('price random') AND p.during @> h.instant
WHERE h.instant < '2030-01-05' AND h.price IS DISTINCT FROM p.price;
-- and functions leave no equal neighbours
SELECT arbiter_set_price('price random', 1, '2030-01-01', '2030-01-05');
SELECT * FROM priced('price random');

SELECT * FROM arbiter_check();
DROP FUNCTION priced(text);
DROP FUNCTION price_trigger();
SELECT arbiter_drop_resource(r, force => true) FROM unnest('{price,price core,price disc,price west,price now,price random}'::text[]) r;
