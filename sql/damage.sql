-- What people break, and what no amount fits: refused clearly, never a crash.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('damage') > 0;
SELECT arbiter_set_capacity('damage', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('damage', '2030-01-05', '2030-01-10', 4) > 0;

--
-- a timeline that cannot be read
--
BEGIN;
UPDATE arbiter_timeline SET steps = ARRAY[steps] WHERE resource_id = id_of('damage') AND steps <> '{}';
SELECT outcome($$ SELECT arbiter_available('damage', '2030-01-05', '2030-01-10') $$, mask => true);
SELECT outcome($$ SELECT * FROM arbiter_timeline('damage') $$, mask => true);
SELECT outcome($$ SELECT arbiter_reserve('damage', '2030-01-05', '2030-01-10', 4) $$, mask => true);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('damage'), '[2030-01-05,2030-01-10)', 4) $$, mask => true);
SELECT count(*) > 0 FROM arbiter_check('damage');
SELECT arbiter_rebuild('damage') > 0;
SELECT * FROM arbiter_check('damage');
SELECT arbiter_available('damage', '2030-01-05', '2030-01-10');
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET steps = '{}' WHERE resource_id = id_of('damage') AND steps <> '{}';
SELECT outcome($$ SELECT arbiter_available('damage', '2030-01-05', '2030-01-10') $$, mask => true);
SELECT arbiter_rebuild('damage') > 0;
SELECT * FROM arbiter_check('damage');
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET steps[2] = NULL WHERE resource_id = id_of('damage') AND steps <> '{}';
SELECT outcome($$ SELECT arbiter_available('damage', '2030-01-05', '2030-01-10') $$, mask => true);
SELECT arbiter_rebuild('damage') > 0;
SELECT * FROM arbiter_check('damage');
ROLLBACK;

--
-- a column that is gone or has another name
--
BEGIN;
ALTER TABLE arbiter_reservation RENAME COLUMN amount TO quantity;
SELECT outcome($$ SELECT arbiter_reserve('damage', '2030-01-05', '2030-01-10', 4) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, quantity) VALUES (id_of('damage'), '[2030-01-05,2030-01-10)', 4) $$);
ALTER TABLE arbiter_reservation RENAME COLUMN quantity TO amount;
SELECT arbiter_reserve('damage', '2030-01-05', '2030-01-10', 4) > 0;
ROLLBACK;
SELECT arbiter_available('damage', '2030-01-05', '2030-01-10');

--
-- the trigger functions belong to the extension's own triggers
--
SELECT arbiter_row_trigger();
\echo :SQLSTATE
CREATE TABLE damaged (resource_id integer, during tstzrange, amount bigint, status text);
CREATE TRIGGER t BEFORE INSERT ON damaged FOR EACH ROW EXECUTE FUNCTION arbiter_row_trigger();
SELECT outcome($$ INSERT INTO damaged VALUES (1, '[2030-01-05,2030-01-10)', 4, 'confirmed') $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER INSERT ON damaged REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION arbiter_guard_trigger();
SELECT outcome($$ INSERT INTO damaged VALUES (1, '[2030-01-05,2030-01-10)', 4, 'confirmed') $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t BEFORE DELETE ON damaged FOR EACH ROW EXECUTE FUNCTION arbiter_resource_trigger();
ALTER TABLE damaged DISABLE TRIGGER t;
INSERT INTO damaged VALUES (1, '[2030-01-05,2030-01-10)', 4, 'confirmed');
ALTER TABLE damaged ENABLE TRIGGER t;
SELECT outcome($$ DELETE FROM damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER DELETE ON damaged FOR EACH STATEMENT EXECUTE FUNCTION arbiter_replica_trigger();
SELECT outcome($$ DELETE FROM damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER DELETE ON damaged FOR EACH ROW EXECUTE FUNCTION arbiter_replica_trigger();
SELECT outcome($$ DELETE FROM damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER DELETE ON damaged FOR EACH ROW EXECUTE FUNCTION arbiter_catalogue_trigger();
SELECT outcome($$ DELETE FROM damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER DELETE ON damaged FOR EACH STATEMENT EXECUTE FUNCTION arbiter_inventory_trigger();
SELECT outcome($$ DELETE FROM damaged $$);
DROP TRIGGER t ON damaged;
SELECT outcome($$ SELECT arbiter_catalogue_trigger() $$);
SELECT outcome($$ SELECT arbiter_inventory_trigger() $$);
-- on another table, at another event, and called
CREATE TRIGGER t AFTER TRUNCATE ON damaged FOR EACH STATEMENT EXECUTE FUNCTION arbiter_truncate_trigger();
SELECT outcome($$ TRUNCATE damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t AFTER TRUNCATE ON damaged FOR EACH STATEMENT EXECUTE FUNCTION arbiter_quota_trigger();
SELECT outcome($$ TRUNCATE damaged $$);
DROP TRIGGER t ON damaged;
CREATE TRIGGER t BEFORE INSERT ON damaged FOR EACH ROW EXECUTE FUNCTION arbiter_quota_trigger();
SELECT outcome($$ INSERT INTO damaged VALUES (1, '[2030-01-05,2030-01-10)', 4, 'confirmed') $$);
DROP TABLE damaged;
BEGIN;
CREATE TRIGGER t AFTER DELETE ON arbiter_capacity FOR EACH STATEMENT EXECUTE FUNCTION arbiter_truncate_trigger();
SELECT outcome($$ DELETE FROM arbiter_capacity WHERE false $$);
CREATE TRIGGER t BEFORE TRUNCATE ON arbiter_reservation FOR EACH STATEMENT EXECUTE FUNCTION arbiter_truncate_trigger();
SELECT outcome($$ TRUNCATE arbiter_reservation $$);
CREATE TRIGGER t AFTER DELETE ON arbiter_quota FOR EACH STATEMENT EXECUTE FUNCTION arbiter_quota_trigger();
SELECT outcome($$ DELETE FROM arbiter_quota WHERE false $$);
CREATE TRIGGER t AFTER UPDATE ON arbiter_group_member FOR EACH STATEMENT EXECUTE FUNCTION arbiter_quota_trigger();
SELECT outcome($$ UPDATE arbiter_group_member SET user_id = 'eve' WHERE false $$);
ROLLBACK;
SELECT outcome($$ SELECT arbiter_truncate_trigger() $$);
SELECT outcome($$ SELECT arbiter_quota_trigger() $$);

--
-- amounts at the limits of bigint
--
SELECT arbiter_create_resource('damage.huge') > 0;
SELECT arbiter_set_capacity('damage.huge', '2030-01-01', '2030-02-01', 9223372036854775807);
SELECT arbiter_reserve('damage.huge', '2030-01-05', '2030-01-10', 9223372036854775807) > 0;
SELECT arbiter_reserve('damage.huge', '2030-01-10', '2030-01-11', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('damage.huge', '2030-01-09', '2030-01-11', 9223372036854775807) $$);
SELECT arbiter_set_capacity('damage.huge', '2030-01-05', '2030-01-10', 0, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('damage.huge');
SELECT * FROM arbiter_check('damage.huge');
SELECT outcome($$ SELECT arbiter_reserve('damage.huge', '2030-01-05', '2030-01-06', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('damage.huge', '2030-01-05', '2030-01-06', 9223372036854775807) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('damage.huge'), '[2030-01-05,2030-01-06)', 9223372036854775807) $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount - 1 WHERE resource_id = id_of('damage.huge') AND amount > 1 $$);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('damage.huge') AND amount > 1;
SELECT arbiter_set_capacity('damage.huge', '2030-01-05', '2030-01-10', 9223372036854775807);
SELECT * FROM arbiter_timeline('damage.huge', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('damage.huge');

--
-- instants at the limits of timestamptz
--
SELECT arbiter_create_resource('damage.far') > 0;
SELECT arbiter_set_capacity('damage.far', '4714-11-24 00:00:00+00 BC', 'infinity', 3);
SELECT outcome($$ SELECT arbiter_reserve('damage.far', '4714-11-24 00:00:00+00 BC', '4714-11-24 00:00:00.000001+00 BC', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('damage.far', '294276-12-31 23:59:59.999998', '294276-12-31 23:59:59.999999', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('damage.far', '294276-12-31 23:59:59.999999', 'infinity', 3) $$);
SELECT outcome($$ SELECT arbiter_reserve('damage.far', '4714-11-24 00:00:00+00 BC', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('damage.far', '294276-12-31 23:00', '294276-12-31 23:30', 4) $$);
SELECT * FROM arbiter_timeline('damage.far');
SELECT * FROM arbiter_check('damage.far');
SELECT arbiter_rebuild('damage.far') > 0;
SELECT * FROM arbiter_check('damage.far');
-- the inclusive end that has no instant after it
DELETE FROM arbiter_reservation WHERE resource_id = id_of('damage.far');
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('damage.far'), '[2050-01-01,294276-12-31 23:59:59.999999]', 1);
SELECT during FROM booked('damage.far');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('damage.far'), '(294276-12-31 23:59:59.999999,infinity)', 1) $$);
SELECT * FROM arbiter_check();

--
-- many parts and many resources at once
--
INSERT INTO arbiter_resource (resource_id, name) SELECT 19300 + n, 'damage.many.' || n FROM generate_series(1, 70) n;
INSERT INTO arbiter_capacity SELECT 19300 + n, '[2030-01-01,2030-02-01)', 2 FROM generate_series(1, 70) n;
SELECT arbiter_reserve_all(jsonb_object_agg('damage.many.' || n, 1), '2030-01-01', '2030-01-02', 'many') AS id FROM generate_series(1, 70) n \gset
SELECT count(*), max(part) FROM arbiter_reservation WHERE reservation_id = :id;
SELECT granted FROM arbiter_try_reserve_all((SELECT jsonb_object_agg('damage.many.' || n, 1 + n / 70) FROM generate_series(1, 70) n), '2030-01-01', '2030-01-02', 'many');
SELECT arbiter_cancel(:id);
SELECT count(*), min(t.available) FROM generate_series(1, 70) n CROSS JOIN LATERAL arbiter_timeline('damage.many.' || n, '2030-01-01', '2030-02-01') t;
DELETE FROM arbiter_reservation WHERE reservation_id = :id;
DELETE FROM arbiter_capacity WHERE resource_id BETWEEN 19301 AND 19370;
-- a raw DELETE of a resource that nothing belongs to
DELETE FROM arbiter_resource WHERE resource_id BETWEEN 19301 AND 19370;
SELECT count(*) FROM arbiter_timeline WHERE resource_id BETWEEN 19301 AND 19370;
-- a raw DELETE of one with a schedule does what arbiter_drop_resource() does
INSERT INTO arbiter_resource (resource_id, name) VALUES (19371, 'damage.scheduled');
INSERT INTO arbiter_capacity VALUES (19371, '[2030-01-01,2030-02-01)', 2);
DELETE FROM arbiter_resource WHERE resource_id = 19371;
SELECT count(*) FROM arbiter_capacity WHERE resource_id = 19371;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 19371;

--
-- applied by replication: a row that moves makes both resources unbuilt
--
SELECT arbiter_create_resource('damage.two') > 0;
SELECT arbiter_set_capacity('damage.two', '2030-01-01', '2030-02-01', 10);
SET session_replication_role TO replica;
UPDATE arbiter_reservation SET resource_id = id_of('damage.two') WHERE resource_id = id_of('damage');
SELECT count(*) FROM arbiter_timeline WHERE resource_id IN (id_of('damage'), id_of('damage.two'));
RESET session_replication_role;
SELECT arbiter_available('damage', '2030-01-05', '2030-01-10'), arbiter_available('damage.two', '2030-01-05', '2030-01-10');
SELECT arbiter_reserve('damage', '2030-01-05', '2030-01-10', 10) > 0, arbiter_reserve('damage.two', '2030-01-05', '2030-01-10', 6) > 0;
SELECT * FROM arbiter_check();
