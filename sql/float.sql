-- Float: a share of declared capacity, rounded up at every step, that ordinary
-- requests leave for those with tryout.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('float', float_percent => 15) > 0;
SELECT arbiter_set_capacity('float', day, day + interval '1 day', amount)
FROM (VALUES (timestamptz '2030-01-01', 0), ('2030-01-02', 1), ('2030-01-03', 6), ('2030-01-04', 7), ('2030-01-05', 20), ('2030-01-06', 100), ('2030-01-07', 101)) v (day, amount);

--
-- rounded up, step by step: 0, 1, 1, 2, 3, 15, 16 are kept back
--
CREATE FUNCTION headroom(resource text) RETURNS TABLE (day date, everything bigint, ordinary bigint, naive bigint) LANGUAGE sql STABLE AS $$
	SELECT d::date, (SELECT min(t.available) FROM arbiter_timeline(resource, d, d + interval '1 day') t),
		arbiter_available(resource, d, d + interval '1 day'), naive_available(resource, d, d + interval '1 day')
	FROM generate_series(timestamptz '2030-01-01', '2030-01-07', '1 day') d
$$;
SELECT * FROM headroom('float');
-- the least of all steps, which need not be where capacity is least
SELECT arbiter_available('float', '2030-01-02', '2030-01-05'), arbiter_available('float', '2030-01-05', '2030-01-08'),
	arbiter_available('float', '2030-01-04', '2030-01-07'), arbiter_available('float', '2030-01-07', '2030-01-09');
-- arbiter_timeline is everything there is
SELECT * FROM arbiter_timeline('float', '2030-01-01', '2030-01-09');

-- granted and refused at each step: exactly the headroom, exactly everything
SELECT h.day, h.ordinary,
	(SELECT count(*) FROM outcome(format('SELECT arbiter_reserve(%L, %L, %L, %s)', 'float', h.day, h.day + 1, h.ordinary + 1)) o WHERE o LIKE 'RV001%') AS refused,
	(SELECT t.largest_amount FROM arbiter_try_reserve('float', h.day::timestamptz, h.day + interval '1 day', h.ordinary + 1) t) AS largest,
	(SELECT t.granted FROM arbiter_try_reserve('float', h.day::timestamptz, h.day + interval '1 day', h.everything + 1, tryout => true) t) AS try_more,
	(SELECT t.largest_amount FROM arbiter_try_reserve('float', h.day::timestamptz, h.day + interval '1 day', h.everything + 1, tryout => true) t) AS try_largest
FROM headroom('float') h WHERE h.everything > 0;
SELECT count(arbiter_reserve('float', h.day::timestamptz, h.day + interval '1 day', h.ordinary, 'ordinary')) FROM headroom('float') h WHERE h.ordinary > 0;
SELECT * FROM headroom('float');
SELECT * FROM arbiter_check('float');
-- what is kept back is not used up by those who may not have it, and all of it by those who may
SELECT outcome($$ SELECT arbiter_reserve('float', '2030-01-06', '2030-01-07', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('float', '2030-01-06', '2030-01-07', 16, tryout => true) $$);
SELECT arbiter_reserve('float', '2030-01-06', '2030-01-07', 15, 'tryout', tryout => true) > 0;
SELECT tryout, amount FROM arbiter_reservation WHERE resource_id = id_of('float') AND during @> timestamptz '2030-01-06' ORDER BY amount;
SELECT * FROM headroom('float');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float');

--
-- every form of reserve, raw rows, holds
--
SELECT outcome(f) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve(1893888000, 1893974400, 86, resource => 'float') $$,
	$$ SELECT arbiter_reserve(1893888000, 1893974400, 101, resource => 'float', tryout => true) $$,
	$$ SELECT arbiter_reserve('float', timestamptz '2030-01-06', timestamptz '2030-01-07', 86) $$,
	$$ SELECT arbiter_reserve('float', '2030-01-06', '2030-01-07', 86, tryout => false) $$,
	$$ SELECT arbiter_reserve_all('{"float": 86}', '2030-01-06', '2030-01-07') $$,
	$$ SELECT arbiter_reserve_all('{"float": 101}', '2030-01-06', '2030-01-07', tryout => true) $$,
	$$ SELECT arbiter_hold('float', '2030-01-06', '2030-01-07', 86) $$,
	$$ SELECT arbiter_hold('float', '2030-01-06', '2030-01-07', 101, tryout => true) $$,
	$$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 86) $$,
	$$ INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 101, true) $$]) f;
-- granted
BEGIN;
SELECT count(*) FROM (VALUES (arbiter_reserve(1893888000, 1893974400, 15, resource => 'float', tryout => true)),
	(arbiter_reserve('float', timestamptz '2030-01-06', timestamptz '2030-01-07', 15, tryout => true)),
	(arbiter_reserve('float', '2030-01-06', '2030-01-07', 15, tryout => true)),
	(arbiter_reserve_all('{"float": 15}', '2030-01-06', '2030-01-07', tryout => true)),
	(arbiter_hold('float', '2030-01-06', '2030-01-07', 15, tryout => true)),
	((arbiter_try_reserve(1893888000, 1893974400, 10, resource => 'float', tryout => true)).reservation_id),
	((arbiter_try_reserve_all('{"float": 5}', '2030-01-06', '2030-01-07', tryout => true)).reservation_id)) v (id) WHERE id > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 10, true);
SELECT amount, tryout, count(*) FROM arbiter_reservation WHERE resource_id = id_of('float') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM headroom('float') WHERE day = '2030-01-06';
SELECT * FROM arbiter_check('float');
ROLLBACK;
-- NULL is neither
SELECT outcome(f) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve(1893888000, 1893974400, 1, resource => 'float', tryout => NULL) $$,
	$$ SELECT arbiter_reserve('float', '2030-01-06', '2030-01-07', 1, tryout => NULL) $$,
	$$ SELECT arbiter_try_reserve('float', '2030-01-06', '2030-01-07', 1, tryout => NULL) $$,
	$$ SELECT arbiter_reserve_all('{"float": 1}', '2030-01-06', '2030-01-07', tryout => NULL) $$,
	$$ SELECT arbiter_try_reserve_all('{"float": 1}', '2030-01-06', '2030-01-07', tryout => NULL) $$]) f;
SELECT split_part(o, ':', 1) FROM outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 1, NULL) $$) o LIMIT 1;
-- the try form tells the same, and logs it
SELECT granted, reason, message, limiting_time, available, earliest_start, largest_amount FROM arbiter_try_reserve('float', '2030-01-04', '2030-01-06', 6);
SELECT granted, reason, message, limiting_time, available, earliest_start, largest_amount FROM arbiter_try_reserve('float', '2030-01-04', '2030-01-06', 8, tryout => true);
SELECT available, largest_amount FROM arbiter_denial WHERE resource_id = id_of('float') ORDER BY denial_id DESC LIMIT 2;
-- the hint's start is one that is granted, for the one who asked; so is its amount
SELECT t.earliest_start, g.granted FROM arbiter_try_reserve('float', '2030-01-02', '2030-01-04', 17) t,
	arbiter_try_reserve('float', t.earliest_start, t.earliest_start + interval '1 day', 17) g;
SELECT t.earliest_start FROM arbiter_try_reserve('float', '2030-01-02', '2030-01-04', 18, tryout => true) t;
-- two resources, one with a float
SELECT arbiter_create_resource('float.none') > 0;
SELECT arbiter_set_capacity('float.none', '2030-01-01', '2030-02-01', 20);
SELECT outcome($$ SELECT arbiter_reserve_all('{"float": 18, "float.none": 20}', '2030-01-05', '2030-01-06') $$);
SELECT granted, limiting_resource, available FROM arbiter_try_reserve_all('{"float": 17, "float.none": 21}', '2030-01-05', '2030-01-06');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float');
SELECT arbiter_reserve_all('{"float": 17, "float.none": 20}', '2030-01-05', '2030-01-06') > 0;
SELECT arbiter_reserve_all('{"float": 3}', '2030-01-05', '2030-01-06', tryout => true) > 0;
SELECT * FROM arbiter_check();
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('float'), id_of('float.none'));

--
-- one statement with both: judged by what it leaves
--
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES
	(id_of('float'), '[2030-01-06,2030-01-07)', 80, false), (id_of('float'), '[2030-01-07,2030-01-08)', 101, true) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES
	(id_of('float'), '[2030-01-06,2030-01-07)', 6, false), (id_of('float'), '[2030-01-06,2030-01-07)', 1, true) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES
	(id_of('float'), '[2030-01-06,2030-01-07)', 4, false), (id_of('float'), '[2030-01-06,2030-01-07)', 1, true) $$);
SELECT * FROM headroom('float') WHERE day >= '2030-01-06';
-- tried out from what nobody else may have
INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 15, true);
SELECT * FROM headroom('float') WHERE day >= '2030-01-06';
-- from then on it is an ordinary one: refused, as asking for it would be
SELECT outcome($$ UPDATE arbiter_reservation SET tryout = false WHERE resource_id = id_of('float') AND amount = 15 $$);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float');
-- an ordinary row and a tryout one of the same amount change places: nothing is
-- more or less available than before, and yet the ordinary one must leave the float
INSERT INTO arbiter_reservation (resource_id, during, amount, tryout) VALUES (id_of('float'), '[2030-01-06,2030-01-07)', 85, false),
	(id_of('float'), '[2030-01-07,2030-01-08)', 85, true), (id_of('float'), '[2030-01-07,2030-01-08)', 16, true);
SELECT outcome($$ UPDATE arbiter_reservation SET during = CASE WHEN tryout THEN tstzrange('2030-01-06', '2030-01-07') ELSE '[2030-01-07,2030-01-08)' END
	WHERE resource_id = id_of('float') AND amount = 85 $$);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float') AND amount = 16;
SELECT outcome($$ UPDATE arbiter_reservation SET during = CASE WHEN tryout THEN tstzrange('2030-01-06', '2030-01-07') ELSE '[2030-01-07,2030-01-08)' END
	WHERE resource_id = id_of('float') AND amount = 85 $$);
SELECT during, amount, tryout FROM arbiter_reservation WHERE resource_id = id_of('float') ORDER BY 1, 2, 3;
SELECT * FROM headroom('float') WHERE day >= '2030-01-06';
-- two of different amounts
UPDATE arbiter_reservation SET during = CASE WHEN tryout THEN tstzrange('2030-01-07', '2030-01-08') ELSE '[2030-01-06,2030-01-07)' END,
	amount = CASE WHEN tryout THEN 101 ELSE 80 END WHERE resource_id = id_of('float');
SELECT outcome($$ UPDATE arbiter_reservation SET during = CASE WHEN tryout THEN tstzrange('2030-01-06', '2030-01-07') ELSE '[2030-01-07,2030-01-08)' END
	WHERE resource_id = id_of('float') AND amount IN (80, 101) $$);
UPDATE arbiter_reservation SET amount = 100 WHERE resource_id = id_of('float') AND amount = 101;
SELECT outcome($$ UPDATE arbiter_reservation SET during = CASE WHEN tryout THEN tstzrange('2030-01-06', '2030-01-07') ELSE '[2030-01-07,2030-01-08)' END
	WHERE resource_id = id_of('float') AND amount IN (80, 100) $$);
-- and two that swap what they are, in one place
SELECT outcome($$ UPDATE arbiter_reservation SET tryout = NOT tryout WHERE resource_id = id_of('float') $$);
SELECT during, amount, tryout FROM arbiter_reservation WHERE resource_id = id_of('float') ORDER BY 1, 2, 3;
SELECT * FROM headroom('float') WHERE day >= '2030-01-06';
-- an ordinary row that shrinks, moves to where there is room, or is given another label
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 79, user_id = 'small' WHERE resource_id = id_of('float') AND amount = 80 $$);
SELECT * FROM arbiter_check('float');
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float');

--
-- capacity that is lowered after booking: ordinary requests are refused,
-- tryout ones granted, and to give back is always allowed
--
SELECT arbiter_create_resource('float.cut', float_percent => 20) > 0;
SELECT arbiter_set_capacity('float.cut', '2030-01-01', '2030-02-01', 100);
SELECT arbiter_reserve('float.cut', '2030-01-10', '2030-01-20', 70, 'ann') > 0;
SELECT arbiter_reserve('float.cut', '2030-01-10', '2030-01-20', 10, 'bob') > 0;
-- 85 covers what is booked, if not the float: no RV011
SELECT arbiter_set_capacity('float.cut', '2030-01-12', '2030-01-15', 85);
SELECT outcome($$ SELECT arbiter_set_capacity('float.cut', '2030-01-12', '2030-01-15', 79) $$);
SELECT arbiter_available('float.cut', '2030-01-12', '2030-01-15'), arbiter_available('float.cut', '2030-01-01', '2030-01-10');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('float.cut');
SELECT outcome($$ SELECT arbiter_reserve('float.cut', '2030-01-12', '2030-01-13', 1) $$);
SELECT arbiter_reserve('float.cut', '2030-01-12', '2030-01-13', 5, 'try', tryout => true) > 0;
SELECT outcome($$ SELECT arbiter_reserve('float.cut', '2030-01-12', '2030-01-13', 1, tryout => true) $$);
-- no worse, no refusal: a row may shrink, move out, be renamed; it may not grow
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('float.cut') AND user_id = 'ann' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount - 1 WHERE resource_id = id_of('float.cut') AND user_id = 'ann' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('float.cut') AND user_id = 'ann' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET attributes = '{}' WHERE resource_id = id_of('float.cut') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-10,2030-01-12)' WHERE resource_id = id_of('float.cut') AND user_id = 'bob' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('float.cut') AND user_id = 'bob' $$);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('float.cut') AND user_id = 'ann';
SELECT * FROM arbiter_timeline('float.cut', '2030-01-09', '2030-01-21');
SELECT * FROM arbiter_check('float.cut');
-- forced below what is booked
SELECT arbiter_reserve('float.cut', '2030-01-20', '2030-01-25', 60, 'ann') > 0;
SELECT arbiter_set_capacity('float.cut', '2030-01-20', '2030-01-25', 50, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('float.cut');
SELECT outcome($$ SELECT arbiter_reserve('float.cut', '2030-01-20', '2030-01-21', 1, tryout => true) $$);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('float.cut') AND user_id = 'ann';
SELECT arbiter_available('float.cut', '2030-01-20', '2030-01-25');

--
-- the share: none, all, a fraction; changed, for what is new
--
SELECT outcome(format('SELECT arbiter_create_resource(%L, float_percent => %s)', 'float.bad', p)) FROM unnest(ARRAY['-1', '100.01', '1000', '0.004', '''NaN''', '''x''']) p;
SELECT outcome(format('SELECT arbiter_alter_resource(%L, float_percent => %s)', 'float.cut', p)) FROM unnest(ARRAY['-0.01', '101']) p;
SELECT p, arbiter_create_resource('float.' || p, float_percent => p) > 0 FROM unnest(ARRAY[0, 100, 12.5, 0.01, 99.99, 33.33]) p;
SELECT name, float_percent FROM arbiter_resource WHERE name LIKE 'float.%' ORDER BY 1;
SELECT arbiter_set_capacity(name, '2030-01-01', '2030-02-01', 1000) FROM arbiter_resource WHERE name ~ '^float\.\d';
SELECT name, arbiter_available(name, '2030-01-01', '2030-01-02'), naive_available(name, '2030-01-01', '2030-01-02') FROM arbiter_resource WHERE name ~ '^float\.\d' ORDER BY 1;
SELECT outcome($$ SELECT arbiter_reserve('float.100', '2030-01-01', '2030-01-02', 1) $$);
SELECT arbiter_reserve('float.100', '2030-01-01', '2030-01-02', 1000, tryout => true) > 0;
SELECT arbiter_reserve('float.0', '2030-01-01', '2030-01-02', 1000) > 0;
-- the largest amounts there are
SELECT arbiter_set_capacity('float.12.5', '2030-01-01', '2030-01-02', 9223372036854775807);
SELECT arbiter_available('float.12.5', '2030-01-01', '2030-01-02'), 9223372036854775807 - ceil(9223372036854775807 * 0.125);
SELECT arbiter_set_capacity('float.99.99', '2030-01-01', '2030-01-02', 9223372036854775807);
SELECT arbiter_available('float.99.99', '2030-01-01', '2030-01-02'), 9223372036854775807 - ceil(9223372036854775807 * 0.9999);
SELECT split_part(o, ':', 1) FROM outcome(format('SELECT arbiter_reserve(%L, %L, %L, %s)', 'float.12.5', '2030-01-01', '2030-01-02', 9223372036854775807 - ceil(9223372036854775807 * 0.125) + 1)) o LIMIT 1;
SELECT arbiter_reserve('float.12.5', '2030-01-01', '2030-01-02', (9223372036854775807 - ceil(9223372036854775807 * 0.125))::bigint) > 0;
SELECT arbiter_reserve('float.12.5', '2030-01-01', '2030-01-02', ceil(9223372036854775807 * 0.125)::bigint, tryout => true) > 0;
SELECT * FROM arbiter_check('float.12.5');
-- changed: what is booked stays, what is new is held to it
SELECT arbiter_alter_resource('float.0', float_percent => 30);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('float.0');
SELECT arbiter_available('float.0', '2030-01-01', '2030-01-02'), arbiter_available('float.0', '2030-01-02', '2030-01-03');
SELECT outcome($$ SELECT arbiter_reserve('float.0', '2030-01-02', '2030-01-03', 701) $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-02,2030-01-03)' WHERE resource_id = id_of('float.0') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 999 WHERE resource_id = id_of('float.0') $$);
SELECT arbiter_alter_resource('float.0', clear => '{float_percent}');
SELECT arbiter_available('float.0', '2030-01-02', '2030-01-03');
UPDATE arbiter_resource SET float_percent = 50 WHERE name = 'float.0';
SELECT arbiter_available('float.0', '2030-01-02', '2030-01-03');
SELECT outcome($$ SELECT arbiter_reserve('float.0', '2030-01-02', '2030-01-03', 501) $$);
SELECT * FROM arbiter_check();

--
-- over many chunks, by their headers
--
SELECT arbiter_create_resource('float.long', float_percent => 10) > 0;
SELECT arbiter_set_capacity('float.long', month, month + interval '1 month', 100 + 10 * n) FROM generate_series(0, 23) n, LATERAL (SELECT timestamptz '2030-01-01' + n * interval '1 month') m (month);
INSERT INTO arbiter_reservation (resource_id, during, amount, tryout)
SELECT id_of('float.long'), tstzrange(day, day + interval '1 day'), 1 + n % 5, n % 7 = 0 FROM generate_series(1, 700) n, LATERAL (SELECT timestamptz '2030-01-01' + n * interval '1 day') m (day);
SELECT count(*) > 20 FROM arbiter_timeline WHERE resource_id = id_of('float.long');
SELECT s, e, arbiter_available('float.long', s, e), naive_available('float.long', s, e) FROM generate_series(1, 60) n,
	LATERAL (SELECT timestamptz '2030-01-01' + n * 11 * interval '1 day' AS s, timestamptz '2030-01-01' + (n * 11 + n * n % 97 + 1) * interval '1 day' AS e) w
WHERE arbiter_available('float.long', s, e) <> naive_available('float.long', s, e);
SELECT arbiter_available('float.long', '2030-01-01', '2032-01-01') AS largest \gset
SELECT :largest;
SELECT granted, limiting_time, available FROM arbiter_try_reserve('float.long', '2030-01-01', '2032-01-01', :largest + 1);
SELECT granted FROM arbiter_try_reserve('float.long', '2030-01-01', '2032-01-01', :largest);
SELECT granted, limiting_time, available, largest_amount FROM arbiter_try_reserve('float.long', '2030-01-01', '2032-01-01', 1);
SELECT granted, limiting_time, available, largest_amount FROM arbiter_try_reserve('float.long', '2030-01-01', '2032-01-01', 12, tryout => true);
SELECT granted FROM arbiter_try_reserve('float.long', '2030-01-01', '2032-01-01', 10, tryout => true);
SELECT * FROM arbiter_check('float.long');
SELECT * FROM timeline_differences('float.long', '2029-12-01', '2032-03-01');
-- later months have more: the earliest start for a month is the first that leaves the float
SELECT earliest_start FROM arbiter_try_reserve('float.long', '2030-03-01', '2030-03-31', 100);
SELECT min(s) FROM generate_series(timestamptz '2030-03-01', '2031-12-01', '1 day') s WHERE naive_available('float.long', s, s + interval '30 days') >= 100;
SELECT earliest_start FROM arbiter_try_reserve('float.long', '2030-03-01', '2030-03-31', 100, tryout => true);
SELECT min(s) FROM generate_series(timestamptz '2030-03-01', '2031-12-01', '1 day') s
WHERE (SELECT min(available) FROM naive_steps('float.long', s, s + interval '30 days')) >= 100;

--
-- a hold that has expired is given back before anybody asks for headroom
--
SELECT arbiter_create_resource('float.hold', float_percent => 20) > 0;
SELECT arbiter_set_capacity('float.hold', '2030-01-01', '2030-02-01', 10);
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at, tryout) VALUES (id_of('float.hold'), '[2030-01-05,2030-01-06)', 10, 'held', '2001-01-01', true);
SELECT arbiter_available('float.hold', '2030-01-05', '2030-01-06');
SELECT outcome(format('SELECT arbiter_reserve(%L, %L, %L, %s)', 'float.hold', '2030-01-05', '2030-01-06', a)) FROM unnest(ARRAY[11, 10, 9]) a;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('float.hold'), '[2030-01-05,2030-01-06)', 10) $$);
SELECT status FROM arbiter_reservation WHERE resource_id = id_of('float.hold');
SELECT arbiter_reserve('float.hold', '2030-01-05', '2030-01-06', 8) > 0;
SELECT status, amount FROM arbiter_reservation WHERE resource_id = id_of('float.hold') ORDER BY 1;
SELECT outcome($$ SELECT arbiter_reserve('float.hold', '2030-01-05', '2030-01-06', 1) $$);
SELECT arbiter_reserve('float.hold', '2030-01-05', '2030-01-06', 2, tryout => true) > 0;
SELECT * FROM arbiter_check('float.hold');
-- confirmed, it is what it was
SELECT arbiter_hold('float.hold', '2030-01-07', '2030-01-08', 10, tryout => true) AS id \gset
SELECT arbiter_confirm(:id);
SELECT tryout, status FROM arbiter_reservation WHERE reservation_id = :id;

--
-- a trigger of a user says who tries out, row by row
--
CREATE FUNCTION float_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.tryout := NEW.resource_id = id_of('float.hold');
	RETURN NEW;
END
$$;
CREATE TRIGGER float_trigger BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION float_trigger();
SELECT arbiter_reserve('float.hold', '2030-01-10', '2030-01-11', 10) > 0;
SELECT arbiter_reserve_all('{"float.hold": 10, "float.none": 20}', '2030-01-12', '2030-01-13') AS id \gset
SELECT name, tryout FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE reservation_id = :id ORDER BY 1;
SELECT outcome($$ SELECT arbiter_reserve_all('{"float.hold": 1, "float": 18}', '2030-01-05', '2030-01-06', tryout => true) $$);
DROP TRIGGER float_trigger ON arbiter_reservation;
DROP FUNCTION float_trigger;

--
-- unbuilt
--
INSERT INTO arbiter_resource (resource_id, name, float_percent) VALUES (9601, 'float.unbuilt', 25);
COPY arbiter_capacity FROM stdin;
9601	[2030-01-01,2031-01-01)	10
\.
COPY arbiter_reservation (resource_id, during, amount, tryout) FROM stdin;
9601	[2030-03-01,2030-03-05)	5	f
9601	[2030-03-02,2030-03-03)	5	t
\.
SELECT arbiter_available('float.unbuilt', '2030-03-01', '2030-03-02'), arbiter_available('float.unbuilt', '2030-03-01', '2030-03-05');
SELECT outcome($$ SELECT arbiter_reserve('float.unbuilt', '2030-03-01', '2030-03-02', 3) $$);
SELECT arbiter_reserve('float.unbuilt', '2030-03-01', '2030-03-02', 2) > 0;
SELECT arbiter_available('float.unbuilt', '2030-03-01', '2030-03-02');
SELECT * FROM arbiter_check();
DROP FUNCTION headroom;
SELECT arbiter_drop_resource(name, force => true) FROM arbiter_resource WHERE name LIKE 'float%';
