-- One for each bug that was found by looking for it.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('bug') > 0;
SELECT arbiter_set_capacity('bug', '2030-01-01', '2031-01-01', 10);

-- a trigger that leaves NULL where a value is needed crashed the server
CREATE FUNCTION bug_null() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW := jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0], NULL));
	RETURN NEW;
END
$$;
CREATE FUNCTION bug_nulls(tab regclass, columns text[], statements text[])
RETURNS TABLE (which text, statement text, result text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH which IN ARRAY columns LOOP
		EXECUTE format('CREATE TRIGGER a_bug BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION bug_null(%L)', tab, which);
		FOREACH statement IN ARRAY statements LOOP
			SELECT split_part(o, ':', 1) INTO result FROM outcome(statement) o LIMIT 1;
			RETURN NEXT;
		END LOOP;
		EXECUTE format('DROP TRIGGER a_bug ON %s', tab);
	END LOOP;
END
$$;
SELECT arbiter_reserve('bug', '2030-01-02', '2030-01-03', 1, 'null') AS id \gset
SELECT which, substring(trim(statement) FROM '^\w+ \w+'), result FROM bug_nulls('arbiter_reservation', '{resource_id,during,amount,status,user_id,part}', ARRAY[
	$$ SELECT arbiter_reserve('bug', '2030-01-02', '2030-01-03', 1) $$,
	format($$ SELECT arbiter_cancel(%s) $$, :id),
	$$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('bug'), '[2030-01-02,2030-01-03)', 1) $$,
	format($$ UPDATE arbiter_reservation SET amount = 2 WHERE reservation_id = %s $$, :id)]);
SELECT which, substring(trim(statement) FROM '^\w+ \w+'), result FROM bug_nulls('arbiter_capacity', '{resource_id,during,amount}', ARRAY[
	$$ SELECT arbiter_set_capacity('bug', '2030-01-02', '2030-01-03', 11) $$,
	$$ SELECT arbiter_add_capacity('bug', '2030-01-02', '2030-01-03', 1) $$,
	$$ INSERT INTO arbiter_capacity VALUES (id_of('bug'), '[2032-01-02,2032-01-03)', 1) $$]);
SELECT * FROM arbiter_check('bug');

-- a trigger that gives the row another number
CREATE FUNCTION bug_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.reservation_id := - NEW.reservation_id;
	RETURN NEW;
END
$$;
CREATE TRIGGER a_bug BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION bug_number();
DO $$
DECLARE
	id bigint;
BEGIN
	id := arbiter_reserve('bug', '2030-01-04', '2030-01-05', 1);
	IF NOT EXISTS (SELECT FROM arbiter_reservation WHERE reservation_id = id) THEN
		RAISE WARNING 'the number returned is not that of the row';
	END IF;
EXCEPTION WHEN triggered_data_change_violation THEN
	NULL;
END
$$;
DROP TRIGGER a_bug ON arbiter_reservation;
SELECT * FROM arbiter_check('bug');

-- capacity rows that overlap while the constraint is deferred, and a first
-- reservation in that time
BEGIN;
SET CONSTRAINTS arbiter_capacity_excl DEFERRED;
INSERT INTO arbiter_capacity VALUES (id_of('bug'), '[2029-01-01,2032-01-01)', 20);
SELECT split_part(o, ':', 1) IN ('done, rows', 'RV001', '55000') FROM outcome($$ SELECT arbiter_reserve('bug', '2030-06-01', '2030-06-02', 1) $$) o LIMIT 1;
DELETE FROM arbiter_capacity WHERE resource_id = id_of('bug') AND amount = 10;
SELECT * FROM arbiter_check('bug');
COMMIT;
SELECT * FROM arbiter_check('bug');
SELECT * FROM timeline_differences('bug', '2028-01-01', '2033-01-01');

-- several data-modifying parts of one query, in every order: each is counted once
CREATE FUNCTION bug_parts() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	part text[] := ARRAY[
		$p$ UPDATE arbiter_capacity SET amount = amount + 1 WHERE resource_id = id_of('bug.parts') AND lower(during) < '2030-01-03' RETURNING 1 $p$,
		$p$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('bug.parts'), '[2030-09-29,2030-09-30)', 1) RETURNING 1 $p$,
		$p$ INSERT INTO arbiter_capacity VALUES (id_of('bug.parts'), '[2040-01-01,2040-01-02)', 3) RETURNING 1 $p$,
		$p$ DELETE FROM arbiter_reservation WHERE resource_id = id_of('bug.parts') AND during && '[2030-03-01,2030-03-02)' RETURNING 1 $p$];
	done int := 0;
BEGIN
	FOR i IN 1 .. 4 LOOP FOR j IN 1 .. 4 LOOP FOR k IN 1 .. 4 LOOP
		CONTINUE WHEN i = j OR j = k OR i = k;
		PERFORM arbiter_create_resource('bug.parts');
		PERFORM arbiter_set_capacity('bug.parts', '2030-01-01', '2031-01-01', 10);
		PERFORM arbiter_reserve('bug.parts', '2030-03-01', '2030-03-02', 1);
		BEGIN
			EXECUTE format('WITH a AS (%s), b AS (%s), c AS (%s) SELECT 1', part[i], part[j], part[k]);
			done := done + 1;
		EXCEPTION WHEN object_not_in_prerequisite_state THEN
			NULL;
		END;
		IF EXISTS (SELECT FROM arbiter_check('bug.parts')) OR
			EXISTS (SELECT FROM timeline_differences('bug.parts', '2029-01-01', '2041-01-01')) THEN
			RAISE WARNING 'order %, %, %: counted wrongly', i, j, k;
		END IF;
		PERFORM arbiter_drop_resource('bug.parts', true);
	END LOOP; END LOOP; END LOOP;
	IF done = 0 THEN
		RAISE WARNING 'none was done';
	END IF;
END
$$;
SELECT bug_parts() IS NOT NULL;

-- a trigger between the guards of two parts
CREATE FUNCTION bug_between() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbiter_rebuild('bug.between');
	RETURN NULL;
END
$$;
SELECT arbiter_create_resource('bug.between') > 0;
SELECT arbiter_set_capacity('bug.between', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('bug.between', '2030-03-01', '2030-03-02', 1) > 0;
CREATE TRIGGER b_bug AFTER INSERT ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION bug_between();
SELECT split_part(o, ':', 1) IN ('done, rows', '55000') FROM outcome($$ WITH y AS (UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('bug.between') RETURNING 1),
	x AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('bug.between'), '[2030-03-01,2030-03-02)', 1) RETURNING 1) SELECT 1 $$) o LIMIT 1;
SELECT split_part(o, ':', 1) IN ('done, rows', '55000') FROM outcome($$ WITH x AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('bug.between'), '[2030-03-01,2030-03-02)', 1) RETURNING 1),
	y AS (UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('bug.between') RETURNING 1) SELECT 1 $$) o LIMIT 1;
DROP TRIGGER b_bug ON arbiter_reservation;
SELECT * FROM arbiter_check('bug.between');

-- tens of thousands of request keys in one transaction: no lock for each
SELECT arbiter_create_resource('bug.keys') > 0;
SELECT arbiter_set_capacity('bug.keys', '2030-01-01', '2031-01-01', 1000000);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, request_key)
	SELECT id_of('bug.keys'), '[2030-01-02,2030-01-03)', 1, 'many', 'key ' || n FROM generate_series(1, 30000) n $$);
SELECT outcome($$ UPDATE arbiter_reservation SET request_key = request_key || ' again' WHERE resource_id = id_of('bug.keys') $$);
DELETE FROM arbiter_reservation WHERE resource_id = id_of('bug.keys');

-- steps as far apart as bigint has numbers
SELECT arbiter_create_resource('bug.wide') > 0;
SELECT arbiter_set_capacity('bug.wide', '2030-01-01', '2030-02-01', 9223372036854775806);
SELECT arbiter_reserve('bug.wide', '2030-01-02', '2030-01-03', 9223372036854775806) > 0;
SELECT arbiter_set_capacity('bug.wide', '2030-01-02', '2030-01-03', 0, force => true);
SELECT arbiter_reserve('bug.wide', '2030-01-04', '2030-01-05', 1) > 0;
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('bug.wide');
SELECT * FROM arbiter_timeline('bug.wide', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check();
SELECT arbiter_drop_resource('bug.wide', true);

SELECT count(arbiter_drop_resource(name, true)) FROM arbiter_resource WHERE name LIKE 'bug%';
DROP FUNCTION bug_parts();
DROP FUNCTION bug_between();
DROP FUNCTION bug_number();
DROP FUNCTION bug_nulls(regclass, text[], text[]);
DROP FUNCTION bug_null();

--
-- triggers on UPDATE OF a column fire for the functions too
--
SELECT arbiter_create_resource('mended') > 0;
SELECT arbiter_set_capacity('mended', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('mended', '2030-01-01', '2030-01-02', 1, 'watched') > 0;
CREATE TABLE mended_seen (what text);
CREATE FUNCTION mended_watch() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO mended_seen VALUES (tg_op || ' ' || tg_level); RETURN NULL; END $$;
CREATE TRIGGER mended_status AFTER UPDATE OF status ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION mended_watch();
CREATE TRIGGER mended_statement BEFORE UPDATE OF status ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION mended_watch();
CREATE TRIGGER mended_amount AFTER UPDATE OF amount ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION mended_watch();
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE user_id = 'watched';
SELECT * FROM mended_seen ORDER BY what;
DROP TRIGGER mended_status ON arbiter_reservation;
DROP TRIGGER mended_statement ON arbiter_reservation;
DROP TRIGGER mended_amount ON arbiter_reservation;

--
-- a rebuild from inside a capacity change would count twice
--
CREATE FUNCTION mended_rebuild() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM arbiter_rebuild('mended'); RETURN NEW; END $$;
CREATE TRIGGER mended_rebuild BEFORE INSERT ON arbiter_capacity FOR EACH ROW EXECUTE FUNCTION mended_rebuild();
SELECT outcome($$ SELECT arbiter_set_capacity('mended', '2030-09-01', '2030-10-01', 9) $$);
DROP TRIGGER mended_rebuild ON arbiter_capacity;

--
-- a trigger that comes after ours cannot leave an amount that ours refuses
--
SELECT arbiter_reserve('mended', '2030-02-01', '2030-02-02', 2, 'negative') > 0;
CREATE FUNCTION mended_negative() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN NEW.amount := -5; RETURN NEW; END $$;
CREATE TRIGGER zzz_mended BEFORE UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION mended_negative();
SELECT outcome($$ UPDATE arbiter_reservation SET attributes = '{}' WHERE user_id = 'negative' $$);
DROP TRIGGER zzz_mended ON arbiter_reservation;

--
-- orphans can be deleted; a resource without its anchor is told, not tried for ever
--
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (-999, '[2030-01-01,2030-01-02)', 1);
SET LOCAL session_replication_role = origin;
SELECT problem FROM arbiter_check() WHERE resource_id = -999;
DELETE FROM arbiter_reservation WHERE resource_id = -999;
SELECT problem FROM arbiter_check() WHERE resource_id = -999;
ROLLBACK;
BEGIN;
DELETE FROM arbiter_timeline WHERE resource_id = arbiter_resource_id('mended') AND ends = '-infinity';
\set VERBOSITY sqlstate
SELECT arbiter_reserve('mended', '2030-01-05', '2030-06-02', 1);
\set VERBOSITY default
ROLLBACK;
SELECT * FROM arbiter_check('mended');
SELECT arbiter_drop_resource('mended', force => true);
DROP TABLE mended_seen;
DROP FUNCTION mended_watch, mended_rebuild, mended_negative;

-- a swap whose request has the key of what it cancels would release and not take
SELECT arbiter_create_resource('regress.swap') > 0, arbiter_set_capacity('regress.swap', '2030-01-01', '2030-01-02', 5);
SELECT arbiter_reserve('regress.swap', '2030-01-01 08:00', '2030-01-01 10:00', 5, 'ku', 'kk') AS id \gset
SELECT regexp_replace(outcome(format($$ SELECT * FROM arbiter_swap(ARRAY[%s], '[{"resource": "regress.swap", "start_time": "2030-01-01 08:00",
	"end_time": "2030-01-01 10:00", "amount": 5, "user_id": "ku", "request_key": "kk"}]') $$, :id)), 'reservation \d+', 'reservation <id>');
SELECT status FROM arbiter_reservation WHERE reservation_id = :id;

-- granularity may change: what does not move is not judged by it
SELECT arbiter_create_resource('regress.grain', granularity => '1 h') > 0,
	arbiter_set_capacity('regress.grain', '2030-01-01', '2030-01-02', 5);
SELECT arbiter_reserve('regress.grain', '2030-01-01 08:00', '2030-01-01 10:00', 1) AS id \gset
SELECT arbiter_alter_resource('regress.grain', granularity => '3 h');
SELECT outcome(format($$ SELECT arbiter_truncate(%s, '2030-01-01 09:30') $$, :id));
SELECT arbiter_extend(:id, '2030-01-01 12:00');
SELECT arbiter_truncate(:id, '2030-01-01 09:00');
UPDATE arbiter_reservation SET during = tstzrange(lower(during), '2030-01-01 15:00') WHERE reservation_id = :id RETURNING during;
SELECT outcome(format($$ UPDATE arbiter_reservation SET during = '[2030-01-01 10:00,2030-01-01 15:00)' WHERE reservation_id = %s $$, :id));

-- setup and cleanup time may change: what stays in its place is refused for what it occupies
SELECT arbiter_create_resource('regress.setup') > 0, arbiter_set_capacity('regress.setup', '2030-01-01', '2030-01-02', 5);
SELECT arbiter_reserve('regress.setup', '2030-01-01', '2030-01-01 02:00', 1) AS id \gset
SELECT arbiter_alter_resource('regress.setup', setup_time => '1 h');
SELECT outcome(format($$ SELECT arbiter_resize(%s, 6) $$, :id));
SELECT arbiter_reserve('regress.setup', '2030-01-01 10:00', '2030-01-01 12:00', 1) AS id \gset
SELECT arbiter_alter_resource('regress.setup', clear => '{setup_time}');
SELECT arbiter_set_capacity('regress.setup', '2030-01-01 09:00', '2030-01-01 10:00', NULL, force => true);
SELECT outcome(format($$ SELECT arbiter_resize(%s, 2) $$, :id));

-- a trigger after ours cannot take the buffers off
SELECT arbiter_create_resource('regress.buffer', setup_time => '1 h') > 0,
	arbiter_set_capacity('regress.buffer', '2030-01-01', '2030-01-02', 5);
CREATE FUNCTION no_occupied() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.occupied := NULL; RETURN new; END';
CREATE TRIGGER zzz BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION no_occupied();
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount)
	VALUES (arbiter_resource_id('regress.buffer'), '[2030-01-01 10:00,2030-01-01 11:00)', 5) $$);
DROP TRIGGER zzz ON arbiter_reservation;
DROP FUNCTION no_occupied();

-- NOT NULL dropped, and a row without a range: an error, no crash
BEGIN;
ALTER TABLE arbiter_reservation ALTER during DROP NOT NULL;
CREATE FUNCTION no_range() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.during := NULL; RETURN new; END';
CREATE TRIGGER aaa BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION no_range();
SAVEPOINT before;
SELECT regexp_replace(outcome($$ SELECT arbiter_reserve('regress.swap', '2030-01-01 12:00', '2030-01-01 13:00', 1) $$), 'column \d+', 'column <n>');
ROLLBACK;
SELECT * FROM arbiter_check();
