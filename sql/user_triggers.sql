-- Triggers, constraints and columns of users on arbiter_reservation.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SET client_min_messages TO warning;

SELECT arbiter_create_resource('user') > 0;
SELECT arbiter_set_capacity('user', '2030-01-01', '2030-02-01', 10);

--
-- a BEFORE ROW trigger decides what is booked, by either way in
--
CREATE FUNCTION user_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'double' THEN
		NEW.amount := NEW.amount * 2;
	ELSIF NEW.user_id = 'late' THEN
		NEW.during := tstzrange(lower(NEW.during) + interval '1 day', upper(NEW.during) + interval '1 day');
	ELSIF NEW.user_id = 'closed' THEN
		NEW.during := tstzrange(lower(NEW.during), upper(NEW.during), '[]');
	ELSIF NEW.user_id = 'empty' THEN
		NEW.during := 'empty';
	ELSIF NEW.user_id = 'zero' THEN
		NEW.amount := 0;
	ELSIF NEW.user_id = 'history' THEN
		NEW.status := 'cancelled';
	ELSIF NEW.user_id = 'nowhere' THEN
		NEW.resource_id := 2000000000;
	ELSIF NEW.user_id = 'elsewhere' THEN
		NEW.resource_id := id_of('user.two');
	ELSIF NEW.user_id = 'none' THEN
		RETURN NULL;
	ELSIF NEW.user_id = 'raise' THEN
		RAISE EXCEPTION 'not today' USING ERRCODE = 'P0042';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER user_before BEFORE INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW
	WHEN (NEW.during && '[2030-01-01,2031-01-01)') EXECUTE FUNCTION user_before();
SELECT arbiter_create_resource('user.two') > 0;
SELECT arbiter_set_capacity('user.two', '2030-01-01', '2030-02-01', 10);

SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 3, 'double') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 3, 'double') $$);
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-01,2030-01-02)', 2, 'double');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-01,2030-01-02)', 1, 'double') $$);
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 10, 'late') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-31', '2030-02-01', 10, 'late') $$);
SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'closed') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'empty') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'zero') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'nowhere') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'none') $$);
SELECT outcome($$ SELECT arbiter_try_reserve('user', '2030-01-05', '2030-01-06', 1, 'none') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"user": 1, "user.two": 1}', '2030-01-05', '2030-01-06', 'none') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-05,2030-01-06)', 1, 'none') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'raise') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'history') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'elsewhere') $$);
SELECT granted, reason, available, largest_amount FROM arbiter_try_reserve('user', '2030-01-01', '2030-01-02', 3, 'double');
SELECT * FROM booked('user');
SELECT * FROM booked('user.two');
SELECT * FROM arbiter_timeline('user', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('user');
SELECT * FROM arbiter_check('user.two');
DROP TRIGGER user_before ON arbiter_reservation;
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id IN (id_of('user'), id_of('user.two')) AND status = 'confirmed';

-- a BEFORE trigger whose name sorts after arbiter's own
CREATE FUNCTION user_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.amount := NEW.amount * 2;
	NEW.during := tstzrange(lower(NEW.during), upper(NEW.during), '[]');
	RETURN NEW;
END $$;
CREATE TRIGGER zzz_user_last BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_last();
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 6, 'last') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 5, 'last') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-08,2030-01-09)', 6, 'last') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-08,2030-01-09)', 5, 'last') $$);
SELECT * FROM arbiter_timeline('user', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('user');
DROP TRIGGER zzz_user_last ON arbiter_reservation;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('user');

--
-- AFTER triggers fire for both, with the row as it is stored; the caller is the caller
--
CREATE TABLE user_log (n serial, event text, level text, rows bigint, amount bigint, caller name);
CREATE FUNCTION user_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'ROW' THEN
		INSERT INTO user_log (event, level, amount, caller) VALUES (TG_OP, TG_LEVEL, coalesce(NEW.amount, OLD.amount), current_user);
	ELSIF TG_OP = 'INSERT' THEN
		INSERT INTO user_log (event, level, rows, amount, caller) SELECT TG_OP, TG_LEVEL, count(*), sum(n.amount), current_user FROM user_new n;
	ELSE
		INSERT INTO user_log (event, level, caller) VALUES (TG_OP, TG_LEVEL, current_user);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER user_after_row AFTER INSERT OR UPDATE OR DELETE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_after();
CREATE TRIGGER user_after_statement AFTER UPDATE OR DELETE ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION user_after();
CREATE TRIGGER user_after_insert AFTER INSERT ON arbiter_reservation REFERENCING NEW TABLE AS user_new FOR EACH STATEMENT EXECUTE FUNCTION user_after();
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 3, 'api') AS id \gset
SELECT arbiter_cancel(:id);
SELECT arbiter_reserve_all('{"user": 2, "user.two": 4}', '2030-01-01', '2030-01-02', 'api') > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-01,2030-01-02)', 1, 'raw'), (id_of('user'), '[2030-01-01,2030-01-02)', 1, 'raw');
DELETE FROM arbiter_reservation WHERE user_id = 'raw';
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 300, 'api') $$);
CREATE ROLE regress_arbiter_caller;
GRANT EXECUTE ON FUNCTION arbiter_reserve(text, text, text, bigint, text, text, boolean) TO regress_arbiter_caller;
GRANT INSERT ON user_log TO regress_arbiter_caller;
GRANT USAGE ON SEQUENCE user_log_n_seq TO regress_arbiter_caller;
SET ROLE regress_arbiter_caller;
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 1) > 0;
RESET ROLE;
SELECT event, level, rows, amount, CASE WHEN caller = current_user THEN 'self' ELSE caller END FROM user_log ORDER BY n;
SELECT user_id FROM booked('user') WHERE user_id LIKE 'regress%';
REVOKE ALL ON FUNCTION arbiter_reserve(text, text, text, bigint, text, text, boolean) FROM regress_arbiter_caller;
DROP TRIGGER user_after_row ON arbiter_reservation;
DROP TRIGGER user_after_statement ON arbiter_reservation;
DROP TRIGGER user_after_insert ON arbiter_reservation;
DROP TABLE user_log;
DROP ROLE regress_arbiter_caller;
SELECT * FROM arbiter_check('user');
DELETE FROM arbiter_reservation WHERE resource_id IN (id_of('user'), id_of('user.two'));

--
-- a trigger that books more, inside: also guarded
--
CREATE FUNCTION user_nested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.user_id = 'with cleaning' THEN
		PERFORM arbiter_reserve('user', upper(NEW.during), upper(NEW.during) + interval '1 h', NEW.amount, 'cleaning');
	ELSIF NEW.user_id = 'with raw cleaning' THEN
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
		VALUES (NEW.resource_id, tstzrange(upper(NEW.during), upper(NEW.during) + interval '1 h'), NEW.amount, 'cleaning');
	ELSIF NEW.user_id = 'over it' THEN
		PERFORM arbiter_reserve('user', lower(NEW.during), upper(NEW.during), NEW.amount, 'over');
	ELSIF NEW.user_id = 'raw over it' THEN
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (NEW.resource_id, NEW.during, NEW.amount, 'over');
	ELSIF NEW.user_id = 'instead of all' THEN
		DELETE FROM arbiter_reservation WHERE resource_id = NEW.resource_id AND user_id <> NEW.user_id;
	ELSIF NEW.user_id = 'as many as fit' THEN
		PERFORM granted FROM arbiter_try_reserve('user', lower(NEW.during), upper(NEW.during), 6, 'more');
	END IF;
	RETURN NEW;
END $$;
-- before the row, then after it
CREATE TRIGGER user_nested BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_nested();
SELECT arbiter_reserve('user', '2030-01-01 10:00', '2030-01-01 11:00', 6, 'with cleaning') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01 09:00', '2030-01-01 10:30', 4, 'with cleaning') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01 11:00', '2030-01-01 11:30', 5, 'with cleaning') $$);
SELECT arbiter_reserve('user', '2030-01-02 10:00', '2030-01-02 11:00', 6, 'with raw cleaning') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-02 09:30', '2030-01-02 10:30', 5, 'with raw cleaning') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-03 09:30', '2030-01-03 10:30', 6, 'over it') $$);
SELECT arbiter_reserve('user', '2030-01-03 09:30', '2030-01-03 10:30', 5, 'over it') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-04 09:30', '2030-01-04 10:30', 6, 'raw over it') $$);
SELECT arbiter_reserve('user', '2030-01-04 09:30', '2030-01-04 10:30', 5, 'raw over it') > 0;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-05,2030-01-06)', 6, 'over it') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-05,2030-01-06)', 5, 'over it') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-06,2030-01-07)', 6, 'raw over it') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-06,2030-01-07)', 5, 'raw over it') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-07', '2030-01-08', 5, 'as many as fit') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-08', '2030-01-09', 4, 'as many as fit') $$);
SELECT * FROM booked('user');
SELECT * FROM arbiter_check('user');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('user');
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-02-01', 10, 'instead of all') $$);
SELECT * FROM booked('user');
SELECT * FROM arbiter_check('user');
DROP TRIGGER user_nested ON arbiter_reservation;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('user');
CREATE TRIGGER user_nested AFTER INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_nested();
SELECT arbiter_reserve('user', '2030-01-01 10:00', '2030-01-01 11:00', 6, 'with cleaning') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01 11:00', '2030-01-01 11:30', 5, 'with cleaning') $$);
SELECT arbiter_reserve('user', '2030-01-02 10:00', '2030-01-02 11:00', 6, 'with raw cleaning') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-02 09:30', '2030-01-02 10:30', 5, 'with raw cleaning') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-03 09:30', '2030-01-03 10:30', 6, 'over it') $$);
SELECT arbiter_reserve('user', '2030-01-03 09:30', '2030-01-03 10:30', 5, 'over it') > 0;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-04 09:30', '2030-01-04 10:30', 6, 'raw over it') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-05,2030-01-06)', 6, 'over it') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('user'), '[2030-01-05,2030-01-06)', 5, 'over it') $$);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-02-01', 4, 'instead of all') $$);
SELECT * FROM booked('user');
SELECT * FROM arbiter_check('user');
DROP TRIGGER user_nested ON arbiter_reservation;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('user');

--
-- what is cancelled, dropped, altered and declared passes a user's BEFORE triggers too
--
CREATE TABLE user_log (n serial, tab text, event text, old_row jsonb, new_row jsonb);
CREATE FUNCTION user_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO user_log (tab, event, old_row, new_row) VALUES (TG_TABLE_NAME, TG_OP,
		CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
	CASE TG_TABLE_NAME || ' ' || TG_OP
	WHEN 'arbiter_reservation UPDATE' THEN
		IF NEW.user_id = 'never' THEN
			RETURN NULL;
		ELSIF NEW.user_id = 'stays' THEN
			NEW.status := 'confirmed';
		ELSIF NEW.user_id = 'grows' THEN
			NEW.status := 'confirmed';
			NEW.amount := 11;
		ELSIF NEW.user_id = 'note' THEN
			NEW.attributes := '{"note": "cancelled by trigger"}';
		END IF;
	WHEN 'arbiter_resource UPDATE' THEN
		IF NEW.unit = 'never' THEN
			RETURN NULL;
		END IF;
	WHEN 'arbiter_resource DELETE' THEN
		IF OLD.unit = 'kept' THEN
			RETURN NULL;
		END IF;
	WHEN 'arbiter_capacity INSERT' THEN
		IF NEW.amount = 13 THEN
			NEW.amount := 12;
		ELSIF NEW.amount = 14 THEN
			RETURN NULL;
		END IF;
	ELSE
		NULL;
	END CASE;
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER user_change BEFORE INSERT OR UPDATE OR DELETE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_change();
CREATE TRIGGER user_change BEFORE INSERT OR UPDATE OR DELETE ON arbiter_resource FOR EACH ROW EXECUTE FUNCTION user_change();
CREATE TRIGGER user_change BEFORE INSERT OR UPDATE OR DELETE ON arbiter_capacity FOR EACH ROW EXECUTE FUNCTION user_change();
SELECT arbiter_create_resource('user.change', unit => 'kept') > 0;
SELECT arbiter_alter_resource('user.change', granularity => '1 s');
SELECT outcome($$ SELECT arbiter_alter_resource('user.change', unit => 'never') $$);
SELECT unit, granularity FROM arbiter_resource WHERE name = 'user.change';
SELECT arbiter_set_capacity('user.change', '2030-01-01', '2030-02-01', 10);
SELECT outcome($$ SELECT arbiter_set_capacity('user.change', '2030-02-01', '2030-03-01', 13) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('user.change', '2030-03-01', '2030-04-01', 14) $$);
SELECT * FROM declared('user.change');
SELECT * FROM arbiter_check('user.change');
SELECT count(arbiter_reserve('user.change', '2030-01-01', '2030-01-02', 2, u)) FROM unnest('{note,never,stays,grows}'::text[]) u;
SELECT outcome(format('SELECT arbiter_cancel(%s)', reservation_id)) FROM arbiter_reservation WHERE resource_id = id_of('user.change') ORDER BY user_id;
SELECT user_id, amount, status, attributes FROM arbiter_reservation WHERE resource_id = id_of('user.change') ORDER BY user_id;
-- a trigger that changes the very row itself
CREATE FUNCTION user_twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = 'cancelled' AND OLD.status = 'confirmed' THEN
		UPDATE arbiter_reservation SET attributes = '{"twice": true}' WHERE reservation_id = NEW.reservation_id;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER a_user_twice BEFORE UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION user_twice();
SELECT outcome(format('SELECT arbiter_cancel(%s)', reservation_id)) FROM arbiter_reservation
WHERE resource_id = id_of('user.change') AND user_id = 'stays';
DROP TRIGGER a_user_twice ON arbiter_reservation;
DROP FUNCTION user_twice();
SELECT arbiter_available('user.change', '2030-01-01', '2030-01-02');
SELECT * FROM arbiter_check('user.change');
SELECT outcome($$ SELECT arbiter_drop_resource('user.change') $$);
SELECT outcome($$ SELECT arbiter_drop_resource('user.change', true) $$);
SELECT arbiter_alter_resource('user.change', unit => 'x');
SELECT outcome($$ SELECT arbiter_drop_resource('user.change', true) $$);
SELECT tab, event, count(*) FROM user_log GROUP BY tab, event ORDER BY tab, event;
DROP TRIGGER user_change ON arbiter_reservation;
DROP TRIGGER user_change ON arbiter_resource;
DROP TRIGGER user_change ON arbiter_capacity;
DROP TABLE user_log;
SELECT * FROM arbiter_check();

--
-- columns, constraints and keys of users
--
ALTER TABLE arbiter_reservation ADD COLUMN gone text DEFAULT 'soon dropped';
ALTER TABLE arbiter_reservation ADD COLUMN project text NOT NULL DEFAULT 'none';
ALTER TABLE arbiter_reservation DROP COLUMN gone;
ALTER TABLE arbiter_reservation ADD COLUMN stamp timestamptz DEFAULT clock_timestamp();
ALTER TABLE arbiter_reservation ADD COLUMN hours numeric GENERATED ALWAYS AS
	(CASE WHEN upper(during) < 'infinity' THEN extract(epoch FROM upper(during) - lower(during)) / 3600 END) STORED;
ALTER TABLE arbiter_reservation ADD CONSTRAINT user_short CHECK (user_id <> 'long' OR upper(during) - lower(during) <= interval '1 day');
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-03', 3, 'api') > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, project) VALUES (id_of('user'), '[2030-01-01,2030-01-02 12:00)', 1, 'raw', 'apollo');
SELECT user_id, project, round(hours, 2), stamp IS NOT NULL FROM arbiter_reservation WHERE resource_id = id_of('user') ORDER BY user_id;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-01-03', 1, 'long') $$);
SELECT outcome($$ SELECT arbiter_try_reserve('user', '2030-01-01', '2030-01-03', 1, 'long') $$);
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 1, 'long') > 0;
ALTER TABLE arbiter_reservation ALTER COLUMN project DROP DEFAULT;
SELECT split_part(o, chr(10), 1) FROM outcome($$ SELECT arbiter_reserve('user', '2030-01-01', '2030-01-03', 1, 'api') $$) o LIMIT 1;
SELECT arbiter_available('user', '2030-01-01', '2030-01-02');
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE user_id = 'long';
ALTER TABLE arbiter_reservation DROP COLUMN project, DROP COLUMN stamp, DROP COLUMN hours, DROP CONSTRAINT user_short;
SELECT arbiter_reserve('user', '2030-01-01', '2030-01-02', 1, 'after') > 0;
-- a domain, whose default and constraints change without a word to the table
CREATE DOMAIN user_grade AS integer DEFAULT 1;
ALTER TABLE arbiter_reservation ADD COLUMN grade user_grade;
SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'first') > 0;
ALTER DOMAIN user_grade SET DEFAULT 2;
SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'second') > 0;
ALTER DOMAIN user_grade DROP DEFAULT;
SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'third') > 0;
ALTER TABLE arbiter_reservation ALTER COLUMN grade SET DEFAULT 4;
SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'fourth') > 0;
SELECT user_id, grade FROM arbiter_reservation WHERE resource_id = id_of('user') AND lower(during) = '2030-01-05' ORDER BY created_at;
ALTER TABLE arbiter_reservation ALTER COLUMN grade DROP DEFAULT;
UPDATE arbiter_reservation SET grade = 0 WHERE grade IS NULL;
ALTER DOMAIN user_grade SET NOT NULL;
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'fifth') $$);
ALTER DOMAIN user_grade DROP NOT NULL;
ALTER DOMAIN user_grade ADD CONSTRAINT user_known CHECK (value IS NOT NULL);
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-05', '2030-01-06', 1, 'fifth') $$);
ALTER TABLE arbiter_reservation DROP COLUMN grade;
DROP DOMAIN user_grade;
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('user') AND lower(during) = '2030-01-05' ORDER BY created_at;
-- foreign keys out of the table and into it
CREATE TABLE user_account (user_id text PRIMARY KEY);
INSERT INTO user_account SELECT DISTINCT user_id FROM arbiter_reservation;
ALTER TABLE arbiter_reservation ADD CONSTRAINT user_known FOREIGN KEY (user_id) REFERENCES user_account ON DELETE CASCADE;
INSERT INTO user_account VALUES ('known');
SELECT arbiter_reserve('user', '2030-01-10', '2030-01-11', 1, 'known') AS id \gset
SELECT outcome($$ SELECT arbiter_reserve('user', '2030-01-10', '2030-01-11', 1, 'unknown') $$);
CREATE TABLE user_invoice (reservation_id bigint, part int DEFAULT 1, FOREIGN KEY (reservation_id, part) REFERENCES arbiter_reservation);
INSERT INTO user_invoice VALUES (:id);
SELECT arbiter_cancel(:id);
SELECT outcome($$ DELETE FROM arbiter_reservation WHERE user_id = 'known' $$);
DROP TABLE user_invoice;
SELECT arbiter_reserve('user', '2030-01-10', '2030-01-11', 10, 'known') > 0;
DELETE FROM user_account WHERE user_id = 'known';
SELECT arbiter_available('user', '2030-01-10', '2030-01-11');
ALTER TABLE arbiter_reservation DROP CONSTRAINT user_known;
DROP TABLE user_account;
SELECT * FROM arbiter_check();
-- an INSERT of a view, and a rule
CREATE VIEW user_view AS SELECT resource_id, during, amount, user_id FROM arbiter_reservation WHERE amount < 100;
INSERT INTO user_view VALUES (id_of('user'), '[2030-01-20,2030-01-21)', 10, 'view');
SELECT outcome($$ UPDATE user_view SET amount = 11 WHERE user_id = 'view' $$);
DROP VIEW user_view;
SELECT * FROM arbiter_check();
DROP FUNCTION user_before();
DROP FUNCTION user_last();
DROP FUNCTION user_after();
DROP FUNCTION user_nested();
DROP FUNCTION user_change();
