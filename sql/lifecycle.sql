-- Confirm and transfer.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('life') > 0;
SELECT arbiter_create_resource('life.two') > 0;
SELECT count(arbiter_set_capacity(r, '2030-01-01', '2031-01-01', 10)) FROM unnest('{life,life.two}'::text[]) r;

--
-- confirm
--
SELECT arbiter_hold('life', '2030-03-01', '2030-03-05', 6, '1 day', 'ann') AS id \gset
SELECT status, expires_at IS NULL FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_confirm(:id);
SELECT status, expires_at IS NULL FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_available('life', '2030-03-01', '2030-03-05');
-- again, by a client that did not hear the answer; and what never was a hold
SELECT arbiter_confirm(:id);
SELECT arbiter_confirm(arbiter_reserve('life', '2030-03-01', '2030-03-05', 1));
-- cancelled, or never made
SELECT arbiter_cancel(:id);
SELECT outcome(format('SELECT arbiter_confirm(%s)', :id));
SELECT outcome('SELECT arbiter_confirm(-1)');
SELECT outcome('SELECT arbiter_confirm(NULL)');
-- expired: whether its row says so yet or not
SELECT arbiter_hold('life', '2030-04-01', '2030-04-05', 10, '1 ms') AS late \gset
SELECT pg_sleep(0.01);
SELECT outcome(format('SELECT arbiter_confirm(%s)', :late), mask => true);
SELECT outcome(format('SELECT arbiter_cancel(%s)', :late), mask => true);
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :late, 'bob'), mask => true);
SELECT status FROM arbiter_reservation WHERE reservation_id = :late;
SELECT arbiter_expire() > 0;
SELECT status FROM arbiter_reservation WHERE reservation_id = :late;
SELECT outcome(format('SELECT arbiter_confirm(%s)', :late), mask => true);
SELECT outcome(format('SELECT arbiter_cancel(%s)', :late), mask => true);
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :late, 'bob'), mask => true);
UPDATE arbiter_reservation SET expires_at = NULL WHERE reservation_id = :late;
SELECT outcome(format('SELECT arbiter_confirm(%s)', :late));
-- a hold without an expiry, which only raw SQL can make
INSERT INTO arbiter_reservation (resource_id, during, amount, status) VALUES (id_of('life'), '[2030-05-01,2030-05-02)', 1, 'held') RETURNING reservation_id AS raw \gset
SELECT arbiter_confirm(:raw);
SELECT status FROM arbiter_reservation WHERE reservation_id = :raw;
-- in one transaction, and undone
BEGIN;
SELECT arbiter_hold('life', '2030-06-01', '2030-06-05', 6, '1 day') AS id \gset
SAVEPOINT s;
SELECT arbiter_confirm(:id);
ROLLBACK TO s;
SELECT status FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_confirm(:id);
COMMIT;
SELECT status FROM arbiter_reservation WHERE reservation_id = :id;
-- several parts: all of them, or none
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount, status, expires_at)
SELECT -7010 + id, part, id_of(CASE part WHEN 1 THEN 'life' ELSE 'life.two' END), '[2030-07-01,2030-07-02)', 1, 'held',
	CASE WHEN id = part THEN '2001-01-01' ELSE '2199-01-01' END::timestamptz
FROM generate_series(1, 3) id, generate_series(1, 2) part;
SELECT outcome(format('SELECT arbiter_confirm(%s)', -7010 + id)) FROM generate_series(1, 3) id;
SELECT reservation_id, part, status FROM arbiter_reservation WHERE reservation_id BETWEEN -7009 AND -7007 ORDER BY 1, 2;
-- what is left of one whose other part has expired, or was cancelled
SELECT arbiter_cancel(-7009);
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id = -7007 AND part = 1;
UPDATE arbiter_reservation SET status = 'held', expires_at = '2199-01-01' WHERE reservation_id = -7007 AND part = 2;
SELECT arbiter_confirm(-7007);
SELECT reservation_id, part, status FROM arbiter_reservation WHERE reservation_id BETWEEN -7009 AND -7007 ORDER BY 1, 2;
SELECT * FROM arbiter_check();

--
-- transfer
--
SELECT arbiter_reserve_all('{"life": 1, "life.two": 2}', '2030-08-01', '2030-08-02', 'ann') AS id \gset
SELECT arbiter_transfer(:id, 'bob');
SELECT arbiter_transfer(:id, 'bob');
SELECT part, user_id, amount, status FROM arbiter_reservation WHERE reservation_id = :id ORDER BY part;
SELECT arbiter_available('life', '2030-08-01', '2030-08-02'), arbiter_available('life.two', '2030-08-01', '2030-08-02');
SELECT outcome(format('SELECT arbiter_transfer(%s, NULL)', :id));
SELECT outcome('SELECT arbiter_transfer(NULL, $$bob$$)');
SELECT outcome('SELECT arbiter_transfer(-1, $$bob$$)');
-- a hold stays one
SELECT arbiter_hold('life', '2030-08-01', '2030-08-02', 1, '1 day', 'ann') AS hold \gset
SELECT arbiter_transfer(:hold, 'bob');
SELECT user_id, status, expires_at > now() FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT arbiter_cancel(:hold);
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :hold, 'ann'));
-- the request key goes with it, and is the new user's then
SELECT arbiter_reserve('life', '2030-09-01', '2030-09-02', 1, 'ann', 'key 1') AS keyed \gset
SELECT arbiter_transfer(:keyed, 'bob');
SELECT arbiter_reserve('life', '2030-09-01', '2030-09-02', 1, 'bob', 'key 1') = :keyed;
SELECT arbiter_transfer(:keyed, 'bob');
SELECT arbiter_reserve('life', '2030-09-01', '2030-09-02', 1, 'ann', 'key 1') AS keyed2 \gset
SELECT :keyed2 <> :keyed;
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :keyed2, 'bob'));
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :keyed, 'ann'));
SELECT arbiter_transfer(:keyed, 'carol');
SELECT arbiter_transfer(:keyed2, 'bob');
SELECT reservation_id = :keyed, user_id, request_key FROM arbiter_reservation WHERE request_key = 'key 1' ORDER BY user_id;
-- also with a key that a cancelled one has
SELECT arbiter_cancel(:keyed);
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :keyed2, 'carol'));
UPDATE arbiter_reservation SET request_key = NULL WHERE reservation_id = :keyed;
SELECT arbiter_transfer(:keyed2, 'carol');
SELECT * FROM arbiter_check();

--
-- read-only transactions, privileges
--
BEGIN READ ONLY;
SELECT outcome('SELECT arbiter_confirm(1)');
SELECT outcome('SELECT arbiter_transfer(1, $$bob$$)');
COMMIT;
CREATE ROLE regress_arbiter_life;
GRANT EXECUTE ON FUNCTION outcome(text, boolean) TO regress_arbiter_life;
SET ROLE regress_arbiter_life;
SELECT outcome('SELECT arbiter_confirm(1)');
SELECT outcome('SELECT arbiter_transfer(1, $$bob$$)');
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_confirm(bigint), arbiter_transfer(bigint, text) TO regress_arbiter_life;
SET ROLE regress_arbiter_life;
SELECT arbiter_confirm(:keyed2), arbiter_transfer(:keyed2, 'dora');
RESET ROLE;
SELECT user_id, request_key FROM arbiter_reservation WHERE reservation_id = :keyed2;
DROP OWNED BY regress_arbiter_life;
DROP ROLE regress_arbiter_life;

--
-- triggers, constraints and columns of users see every change
--
SELECT arbiter_create_resource('life.user') > 0;
SELECT arbiter_set_capacity('life.user', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_hold('life.user', '2030-03-01', '2030-03-05', 4, '1 day', 'ann') AS id \gset
CREATE TABLE life_log (n serial, line text);
CREATE FUNCTION life_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'ROW' THEN
		INSERT INTO life_log (line) VALUES (format('%s %s row: %s %s %s %s', TG_WHEN, TG_OP, NEW.during, NEW.amount, NEW.user_id, NEW.status));
	ELSE
		INSERT INTO life_log (line) VALUES (format('%s %s statement', TG_WHEN, TG_OP));
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER life_statement BEFORE UPDATE ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION life_log();
CREATE TRIGGER life_row BEFORE UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION life_log();
CREATE TRIGGER life_after_amount AFTER UPDATE OF amount ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION life_log();
CREATE TRIGGER life_after AFTER UPDATE ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION life_log();
SELECT arbiter_confirm(:id), arbiter_transfer(:id, 'bob'), arbiter_extend(:id, '2030-03-06'), arbiter_resize(:id, 5), arbiter_move(:id, '2030-03-02'), arbiter_truncate(:id, '2030-03-04');
SELECT line FROM life_log ORDER BY n;
DROP TRIGGER life_statement ON arbiter_reservation;
DROP TRIGGER life_row ON arbiter_reservation;
DROP TRIGGER life_after_amount ON arbiter_reservation;
DROP TRIGGER life_after ON arbiter_reservation;
DROP FUNCTION life_log();
DROP TABLE life_log;
-- what a BEFORE ROW trigger makes of a row is what is decided
CREATE FUNCTION life_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'none' THEN
		RETURN NULL;
	ELSIF NEW.user_id = 'double' THEN
		NEW.amount := NEW.amount * 2;
	ELSIF NEW.user_id = 'elsewhere' THEN
		NEW.resource_id := id_of('life.two');
	ELSIF NEW.user_id = 'cancel' THEN
		NEW.status := 'cancelled';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER life_before BEFORE UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION life_before();
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :id, 'none'));
SELECT arbiter_transfer(:id, 'double');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2030-03-06'));
SELECT arbiter_resize(:id, 3);
SELECT arbiter_available('life.user', '2030-03-02', '2030-03-04'), * FROM booked('life.user');
SELECT arbiter_transfer(:id, 'elsewhere');
SELECT arbiter_available('life.user', '2030-03-02', '2030-03-04'), arbiter_available('life.two', '2030-03-02', '2030-03-04');
SELECT * FROM booked('life.user');
SELECT arbiter_transfer(:id, 'cancel');
SELECT arbiter_available('life.two', '2030-03-02', '2030-03-04');
SELECT outcome(format('SELECT arbiter_transfer(%s, %L)', :id, 'ann'));
DROP TRIGGER life_before ON arbiter_reservation;
DROP FUNCTION life_before();
-- a CHECK of a user
SELECT arbiter_reserve('life.user', '2030-05-01', '2030-05-02', 3) AS id \gset
ALTER TABLE arbiter_reservation ADD COLUMN length interval GENERATED ALWAYS AS (CASE WHEN isfinite(upper(during)) THEN upper(during) - lower(during) END) STORED,
	ADD CONSTRAINT life_length CHECK (resource_id <> 0 AND (amount <> 3 OR upper(during) - lower(during) < '3 days')) NOT VALID;
SELECT arbiter_extend(:id, '2030-05-03');
SELECT length FROM arbiter_reservation WHERE reservation_id = :id;
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2030-05-04'));
SELECT arbiter_available('life.user', '2030-05-01', '2030-05-03'), arbiter_available('life.user', '2030-05-03', '2030-05-04');
ALTER TABLE arbiter_reservation DROP CONSTRAINT life_length, DROP COLUMN length;
SELECT * FROM arbiter_check();
