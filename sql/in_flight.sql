-- Rows that the current statement has written but not yet counted: who asks in
-- between is answered rightly or refused, never wrongly.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- an unbuilt resource, and a trigger that asks for it
INSERT INTO arbiter_resource (resource_id, name) VALUES (9401, 'flight');
COPY arbiter_capacity FROM stdin;
9401	[2030-01-01,2030-02-01)	10
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9401;
CREATE FUNCTION flight_reserves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'asks' THEN
		PERFORM granted FROM arbiter_try_reserve('flight', lower(NEW.during), upper(NEW.during), 3, 'nested');
	ELSIF NEW.user_id = 'inserts' THEN
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (9401, NEW.during, 3, 'nested');
	END IF;
	RETURN NEW;
END
$$;
CREATE FUNCTION flight_reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM arbiter_reservation WHERE resource_id = 9401;
	DELETE FROM arbiter_timeline WHERE resource_id = 9401;
$$;

-- COPY, before and after each row
CREATE TRIGGER flight BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION flight_reserves();
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-05,2030-01-06)	4	plain
9401	[2030-01-05,2030-01-06)	4	asks
9401	[2030-01-05,2030-01-06)	4	asks
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-05,2030-01-06)	4	plain
9401	[2030-01-05,2030-01-06)	4	inserts
\.
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');
DROP TRIGGER flight ON arbiter_reservation;
CREATE TRIGGER flight AFTER INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION flight_reserves();
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-05,2030-01-06)	4	plain
9401	[2030-01-05,2030-01-06)	4	asks
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-05,2030-01-06)	4	plain
9401	[2030-01-05,2030-01-06)	4	inserts
\.
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');
-- a built one is guarded, whichever is first
SELECT arbiter_rebuild('flight');
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-05,2030-01-06)	4	plain
9401	[2030-01-05,2030-01-06)	3	asks
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9401	[2030-01-06,2030-01-07)	8	inserts
\.
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');
DROP TRIGGER flight ON arbiter_reservation;

-- a raw INSERT builds first
SELECT flight_reset();
CREATE TRIGGER flight BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION flight_reserves();
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
VALUES (9401, '[2030-01-05,2030-01-06)', 4, 'plain'), (9401, '[2030-01-05,2030-01-06)', 3, 'asks');
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');
DROP TRIGGER flight ON arbiter_reservation;

-- a deferred constraint trigger asks at commit
SELECT flight_reset();
CREATE CONSTRAINT TRIGGER flight AFTER INSERT ON arbiter_reservation DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION flight_reserves();
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
VALUES (9401, '[2030-01-05,2030-01-06)', 4, 'plain'), (9401, '[2030-01-05,2030-01-06)', 3, 'asks');
SELECT arbiter_reserve('flight', '2030-01-07', '2030-01-08', 3, 'asks') > 0;
BEGIN;
SELECT arbiter_reserve('flight', '2030-01-07', '2030-01-08', 4, 'asks') AS id \gset
SELECT arbiter_cancel(:id);
COMMIT;
BEGIN;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (9401, '[2030-01-09,2030-01-10)', 8, 'inserts');
COMMIT;
\echo :SQLSTATE
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');
DROP TRIGGER flight ON arbiter_reservation;

-- a cursor that updates where it stands
BEGIN;
DECLARE c CURSOR FOR SELECT amount, user_id FROM arbiter_reservation
	WHERE resource_id = 9401 AND status = 'confirmed' ORDER BY lower(during), amount DESC, user_id FOR UPDATE;
FETCH c;
UPDATE arbiter_reservation SET amount = 1 WHERE CURRENT OF c;
SELECT arbiter_reserve('flight', '2030-01-05', '2030-01-06', 3, 'between') > 0;
FETCH c;
DELETE FROM arbiter_reservation WHERE CURRENT OF c;
SELECT arbiter_available('flight', '2030-01-05', '2030-01-06');
COMMIT;
SELECT * FROM booked('flight');
SELECT * FROM arbiter_check('flight');

-- the operator's functions in the query that writes rows
DELETE FROM arbiter_timeline WHERE resource_id = 9401;
SELECT outcome($$ WITH i AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9401, '[2030-01-17,2030-01-18)', 4) RETURNING 1)
	SELECT arbiter_rebuild('flight') FROM i $$);
SELECT outcome($$ WITH i AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9401, '[2030-01-17,2030-01-18)', 4) RETURNING 1)
	SELECT arbiter_drop_resource('flight', true) FROM i $$);
SELECT outcome($$ WITH i AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9401, '[2030-01-17,2030-01-18)', 4) RETURNING 1)
	SELECT arbiter_set_capacity('flight', '2030-01-17', '2030-01-18', 3) FROM i $$);
SELECT outcome($$ WITH i AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9401, '[2030-01-17,2030-01-18)', 4) RETURNING 1)
	SELECT arbiter_load_schedule('flight', '{}') FROM i $$);
SELECT outcome($$ WITH i AS (DELETE FROM arbiter_resource WHERE resource_id = 9401 RETURNING 1)
	SELECT arbiter_reserve('flight', '2030-01-17', '2030-01-18', 3) FROM i $$);
SELECT * FROM arbiter_check();
SELECT * FROM booked('flight');

-- many small statements of every kind in one transaction, undone in parts
SELECT flight_reset();
BEGIN;
DO $$
BEGIN
	FOR n IN 1 .. 200 LOOP
		BEGIN
			INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
			VALUES (9401, tstzrange(timestamptz '2030-01-01' + n * interval '1 h', timestamptz '2030-01-01' + (n + 3) * interval '1 h'), 1 + n % 3, n);
			PERFORM arbiter_try_reserve('flight', timestamptz '2030-01-01' + n * interval '1 h', timestamptz '2030-01-01' + (n + 2) * interval '1 h', 2);
			UPDATE arbiter_reservation SET amount = 1 WHERE resource_id = 9401 AND user_id = (n - 3)::text;
			IF n % 4 = 0 THEN
				RAISE EXCEPTION 'undone' USING ERRCODE = 'P0099';
			END IF;
			DELETE FROM arbiter_reservation WHERE resource_id = 9401 AND user_id = (n - 10)::text;
		EXCEPTION WHEN SQLSTATE 'P0099' OR SQLSTATE 'RV001' THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT * FROM arbiter_check('flight');
SELECT * FROM timeline_differences('flight', '2029-12-01', '2030-03-01');
COMMIT;
SELECT * FROM arbiter_check('flight');
SELECT arbiter_drop_resource('flight', true);
SELECT * FROM arbiter_check();
DROP FUNCTION flight_reserves();
DROP FUNCTION flight_reset();
