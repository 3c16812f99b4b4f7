-- Savepoints, exception blocks, open cursors, isolation levels of one session.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('save') > 0;
SELECT arbiter_set_capacity('save', '2030-01-01', '2030-03-01', 10);

BEGIN;
SELECT arbiter_reserve('save', '2030-01-01', '2030-01-02', 3) > 0;
SAVEPOINT a;
SELECT arbiter_reserve('save', '2030-01-01', '2030-01-02', 3) > 0;
SAVEPOINT b;
SELECT arbiter_reserve('save', '2030-01-01', '2030-01-02', 4) > 0;
SELECT arbiter_available('save', '2030-01-01', '2030-01-02');
SELECT arbiter_reserve('save', '2030-01-01', '2030-01-02', 1);
\echo :SQLSTATE
ROLLBACK TO b;
SELECT arbiter_available('save', '2030-01-01', '2030-01-02');
SELECT * FROM arbiter_check('save');
RELEASE b;
ROLLBACK TO a;
SELECT arbiter_available('save', '2030-01-01', '2030-01-02');
SELECT arbiter_reserve('save', '2030-01-01', '2030-01-02', 7) > 0;
SELECT * FROM arbiter_check('save');
RELEASE a;
COMMIT;
SELECT arbiter_available('save', '2030-01-01', '2030-01-02');
SELECT * FROM booked('save');
SELECT * FROM arbiter_check('save');

-- released into its parent, which is rolled back
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
SELECT arbiter_reserve('save', '2030-01-02', '2030-01-03', 10) > 0;
RELEASE b;
SELECT arbiter_available('save', '2030-01-02', '2030-01-03');
SELECT arbiter_cancel(max(reservation_id)) FROM arbiter_reservation WHERE resource_id = id_of('save');
SELECT arbiter_reserve('save', '2030-01-02', '2030-01-03', 9) > 0;
ROLLBACK TO a;
SELECT arbiter_available('save', '2030-01-02', '2030-01-03');
SELECT * FROM arbiter_check('save');
COMMIT;
SELECT arbiter_available('save', '2030-01-02', '2030-01-03');

-- overwriting in place must not be seen through a rolled back savepoint
BEGIN;
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
SAVEPOINT a;
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
ROLLBACK TO a;
SELECT arbiter_available('save', '2030-01-04', '2030-01-04 01:00');
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
SELECT arbiter_reserve('save', '2030-01-04 00:00', '2030-01-04 01:00', 1) > 0;
ROLLBACK TO a;
SELECT arbiter_available('save', '2030-01-04', '2030-01-04 01:00');
SELECT * FROM arbiter_check('save');
ROLLBACK;
SELECT arbiter_available('save', '2030-01-04', '2030-01-04 01:00');
SELECT * FROM arbiter_check('save');

-- exception blocks: hundreds of subtransactions, chunks that split inside them
SELECT arbiter_create_resource('save.many') > 0;
SELECT arbiter_set_capacity('save.many', '2030-01-01', '2030-03-01', 3);
SELECT setseed(0.5);
DO $$
DECLARE
	s timestamptz;
	granted int := 0;
	refused int := 0;
	undone int := 0;
BEGIN
	FOR n IN 1 .. 600 LOOP
		s := timestamptz '2030-01-01' + floor(random() * 700) * interval '1 h';
		BEGIN
			PERFORM arbiter_reserve('save.many', s, s + (1 + floor(random() * 5)) * interval '1 h', 1);
			IF n % 3 = 0 THEN
				RAISE EXCEPTION 'changed my mind' USING ERRCODE = 'P0099';
			END IF;
			granted := granted + 1;
		EXCEPTION
			WHEN SQLSTATE 'RV001' THEN refused := refused + 1;
			WHEN SQLSTATE 'P0099' THEN undone := undone + 1;
		END;
	END LOOP;
	IF granted + refused + undone <> 600 OR granted = 0 OR refused = 0 OR undone = 0 THEN
		RAISE WARNING '% granted, % refused, % undone', granted, refused, undone;
	END IF;
END
$$;
SELECT * FROM arbiter_check('save.many');
SELECT * FROM timeline_differences('save.many', '2029-12-01', '2030-04-01');
-- a condition name is a SQLSTATE
DO $$
BEGIN
	PERFORM arbiter_reserve('save', '2030-01-01', '2030-01-02', 1);
EXCEPTION WHEN SQLSTATE 'RV001' THEN
	RAISE NOTICE 'caught %', SQLSTATE;
END
$$;

-- a cursor sees what was there when it was opened, however often it changes after
BEGIN;
SELECT arbiter_reserve('save', '2030-02-01', '2030-02-02', 1) > 0;
DECLARE steps CURSOR FOR SELECT during, available FROM arbiter_timeline('save', '2030-02-01', '2030-02-03');
DECLARE answer CURSOR FOR SELECT arbiter_available('save', '2030-02-01', '2030-02-02') FROM generate_series(1, 4);
DECLARE chunk CURSOR FOR SELECT t.base + t.minimum AS minimum, t.steps[cardinality(t.steps) - 1] AS last_step FROM arbiter_timeline t WHERE t.resource_id = id_of('save') AND during @> timestamptz '2030-02-01';
SELECT t.base + t.minimum AS minimum, t.steps[cardinality(t.steps) - 1] AS last_step FROM arbiter_timeline t WHERE t.resource_id = id_of('save') AND during @> timestamptz '2030-02-01' \gset
FETCH answer;
SELECT arbiter_reserve('save', '2030-02-01', '2030-02-02', 2) > 0;
FETCH answer;
SELECT arbiter_reserve('save', '2030-02-01 06:00', '2030-02-01 12:00', 3) > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('save'), '[2030-02-01 06:00,2030-02-01 12:00)', 1);
FETCH answer;
FETCH ALL steps;
FETCH chunk \gset was_
SELECT :was_minimum = :minimum, :was_last_step = :last_step;
SELECT arbiter_available('save', '2030-02-01', '2030-02-02');
FETCH answer;
CLOSE ALL;
ROLLBACK;
-- held over the end of its transaction
BEGIN;
DECLARE kept CURSOR WITH HOLD FOR SELECT during, available FROM arbiter_timeline('save', '2030-02-01', '2030-02-03');
SELECT arbiter_reserve('save', '2030-02-01', '2030-02-02', 2) > 0;
COMMIT;
FETCH ALL kept;
CLOSE kept;
-- cancelled while looking
BEGIN;
DO $$
DECLARE
	r record;
	n int := 0;
BEGIN
	FOR r IN SELECT * FROM arbiter_reservation WHERE resource_id = id_of('save.many') AND status = 'confirmed' LOOP
		PERFORM arbiter_cancel(r.reservation_id);
		n := n + 1;
	END LOOP;
	IF n < 100 THEN
		RAISE WARNING 'only %', n;
	END IF;
END
$$;
SELECT * FROM arbiter_timeline('save.many', '2030-01-01', '2030-03-01');
SELECT * FROM arbiter_check('save.many');
ROLLBACK;
SELECT * FROM arbiter_check('save.many');

-- REPEATABLE READ and SERIALIZABLE: one's own changes are one's own
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT arbiter_available('save', '2030-02-10', '2030-02-11');
SELECT arbiter_reserve('save', '2030-02-10', '2030-02-11', 4) > 0;
SELECT arbiter_reserve('save', '2030-02-10', '2030-02-11', 4) > 0;
SELECT outcome($$ SELECT arbiter_reserve('save', '2030-02-10', '2030-02-11', 4) $$);
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('save'), '[2030-02-10,2030-02-11)', 1);
SELECT arbiter_available('save', '2030-02-10', '2030-02-11');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT arbiter_reserve('save', '2030-02-10', '2030-02-11', 1) > 0;
SAVEPOINT a;
SELECT arbiter_cancel(max(reservation_id)) FROM arbiter_reservation WHERE resource_id = id_of('save');
SELECT arbiter_available('save', '2030-02-10', '2030-02-11');
ROLLBACK TO a;
SELECT arbiter_available('save', '2030-02-10', '2030-02-11');
SELECT arbiter_set_capacity('save', '2030-02-10', '2030-02-11', 11);
SELECT arbiter_available('save', '2030-02-10', '2030-02-11');
COMMIT;
SELECT * FROM arbiter_check();

-- many calls in one transaction
BEGIN;
SELECT arbiter_create_resource('save.bulk') > 0;
SELECT arbiter_set_capacity('save.bulk', '2030-01-01', '2030-03-01', 1000000);
SELECT count(arbiter_reserve('save.bulk', timestamptz '2030-01-01' + (n % 700) * interval '1 h', timestamptz '2030-01-01' + (n % 700 + 1 + n % 5) * interval '1 h', 1)) FROM generate_series(1, 5000) n;
SELECT * FROM arbiter_check('save.bulk');
COMMIT;
SELECT * FROM arbiter_check('save.bulk');
SELECT * FROM timeline_differences('save.bulk', '2029-12-01', '2030-04-01');
