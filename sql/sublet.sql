-- A reservation that is the capacity of another resource
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET client_min_messages TO warning;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT setval('arbiter_reservation_id_seq', 700000) > 0;
SET arbiter.search_horizon = '365 d';
SELECT arbiter_create_resource('farm', unit => 'cores') > 0 AS made;
SELECT arbiter_set_capacity('farm', '2030-01-01', '2031-01-01', 100);
CREATE VIEW schedule AS
	SELECT r.name, c.during, c.amount
	FROM arbiter_capacity c JOIN arbiter_resource r USING (resource_id)
	ORDER BY r.name, c.during;
SELECT arbiter_reserve('farm', '2030-03-01', '2030-04-01', 40, user_id => 'biology') AS project \gset

-- the child has what was reserved, when it was reserved
SELECT arbiter_sublet(:project, 'biology') > arbiter_resource_id('farm') AS younger;
SELECT * FROM schedule WHERE name = 'biology';
SELECT arbiter_available('biology', '2030-03-05', '2030-03-06'), arbiter_available('biology', '2030-03-05', '2030-05-06') AS outside;
SELECT arbiter_reserve('biology', '2030-03-10', '2030-03-20', 30, user_id => 'genome') AS cluster \gset
SELECT arbiter_reserve('biology', '2030-03-10', '2030-03-20', 11);
SELECT arbiter_reserve('biology', '2030-03-31', '2030-04-02', 1);

-- to any depth
SELECT arbiter_sublet(:cluster, 'genome') > 0 AS made;
SELECT arbiter_reserve('genome', '2030-03-11', '2030-03-12', 20, user_id => 'spark') AS service \gset
SELECT arbiter_sublet(:service, 'spark') > 0 AS made;
SELECT arbiter_reserve('spark', '2030-03-11 06:00', '2030-03-11 12:00', 20) AS job \gset
SELECT * FROM arbiter_resource_tree WHERE resource IN ('farm', 'biology', 'genome', 'spark') ORDER BY path;
SELECT parent_reservation_id = :project AS of_project FROM arbiter_resource_tree WHERE resource = 'biology';
SELECT path[depth] AS name, depth, bucket_start, allocated_min, allocated_max, used_max, round(used_avg, 2) AS used_avg,
	available_min, round(available_avg, 2) AS available_avg
FROM arbiter_tree('farm', '2030-03-10', '2030-03-13', '1 day');
SELECT path, depth, allocated_min, used_max, available_min, bucket_start, bucket_end
FROM arbiter_tree('genome', '2030-03-11', '2030-03-12');
SELECT arbiter_tree('nowhere', '2030-03-11', '2030-03-12');
SELECT arbiter_tree('farm', '2030-03-11', '2030-03-11');
SELECT DISTINCT depth FROM arbiter_tree(start_time => '2030-03-11', end_time => '2030-03-12') ORDER BY depth;
SELECT count(*) > 0 AS has_now FROM arbiter_tree();
-- one bucket also where clocks change
SELECT count(*) FROM arbiter_tree('spark', '2030-03-01', '2030-04-10', tz => 'Europe/London');

-- what can be sublet
SELECT arbiter_sublet(NULL, 'x');
SELECT arbiter_sublet(:project, NULL);
SELECT arbiter_sublet(:project, '');
SELECT arbiter_sublet(:project, 'farm');
SELECT arbiter_sublet(:project, 'again');
SELECT arbiter_sublet(:project, 'x', resource => 'nowhere');
SELECT arbiter_sublet(:project, 'x', resource => 'biology');
SELECT arbiter_sublet(0, 'x');
SELECT arbiter_hold('farm', '2030-06-01', '2030-06-02', 1) AS hold \gset
\set VERBOSITY sqlstate
SELECT arbiter_sublet(:hold, 'x');
SELECT arbiter_cancel(:hold);
SELECT arbiter_sublet(:hold, 'x');
\set VERBOSITY default
SELECT arbiter_create_resource('disc') > 0 AS made;
SELECT arbiter_set_capacity('disc', '2030-01-01', '2031-01-01', 1000);
SELECT arbiter_reserve_all('{"farm": 5, "disc": 50}', '2030-07-01', '2030-07-02') AS both \gset
SELECT arbiter_sublet(:both, 'x') IS NULL;
SELECT arbiter_sublet(:both, 'both.farm', 'farm') > 0 AS made, arbiter_sublet(:both, 'both.disc', 'disc') > 0 AS made;
SELECT * FROM schedule WHERE name LIKE 'both%';

-- a child's capacity is not for anybody to declare
SELECT arbiter_set_capacity('biology', '2030-03-01', '2030-03-02', 50);
SELECT arbiter_set_capacity('biology', '2030-03-01', '2030-03-02', 50, force => true);
SELECT arbiter_add_capacity('biology', '2030-03-01', '2030-03-02', 50);
SELECT arbiter_load_schedule('biology', '{}');
INSERT INTO arbiter_capacity VALUES (arbiter_resource_id('biology'), '[2030-05-01,2030-05-02)', 1);
UPDATE arbiter_capacity SET amount = 41 WHERE resource_id = arbiter_resource_id('biology');
UPDATE arbiter_capacity SET resource_id = arbiter_resource_id('biology') WHERE resource_id = arbiter_resource_id('disc');
DELETE FROM arbiter_capacity WHERE resource_id = arbiter_resource_id('biology');
INSERT INTO arbiter_resource (name, parent_reservation_id, parent_resource_id) VALUES ('x', :project, 1);
INSERT INTO arbiter_resource (name, parent_reservation_id) VALUES ('x', :project);
UPDATE arbiter_resource SET parent_reservation_id = NULL, parent_resource_id = NULL WHERE name = 'biology';
UPDATE arbiter_resource SET parent_resource_id = resource_id WHERE name = 'biology';
UPDATE arbiter_resource SET parent_reservation_id = :both, parent_resource_id = resource_id WHERE name = 'disc';
CREATE TABLE copied AS SELECT resource_id, '[2030-05-01,2030-05-02)'::tstzrange AS during, 1::bigint AS amount
FROM arbiter_resource WHERE name = 'biology';
\set SHOW_CONTEXT never
\copy (SELECT * FROM copied) TO PROGRAM 'cat >sublet_rows.tmp'
\copy arbiter_capacity (resource_id, during, amount) FROM sublet_rows.tmp
\set SHOW_CONTEXT errors
\! rm sublet_rows.tmp
DROP TABLE copied;
SELECT * FROM arbiter_check();

-- it follows the reservation
SELECT arbiter_extend(:project, '2030-04-15');
SELECT * FROM schedule WHERE name = 'biology';
SELECT arbiter_resize(:project, 35);
SELECT arbiter_resize(:project, 29);
SELECT * FROM schedule WHERE name = 'biology';
SELECT arbiter_truncate(:project, '2030-03-20');
SELECT arbiter_truncate(:project, '2030-03-19');
SELECT * FROM schedule WHERE name = 'biology';
SELECT arbiter_move(:project, '2030-02-28');
SELECT arbiter_move(:project, '2030-02-20');
SELECT arbiter_cancel(:project);
SELECT arbiter_transfer(:project, 'physics');
SELECT arbiter_confirm(:project);
SELECT arbiter_swap(ARRAY[:project], '[]');
-- a series of sizes
SELECT arbiter_resize(:project, 60, from_time => '2030-03-05');
SELECT arbiter_resize(:project, 32, from_time => '2030-03-15');
SELECT * FROM schedule WHERE name = 'biology';
SELECT part, during, amount FROM arbiter_reservation WHERE reservation_id = :project ORDER BY during;
SELECT arbiter_resize(:project, 10, from_time => '2030-03-15');
SELECT arbiter_resize(:project, 10, from_time => '2030-03-19');
SELECT arbiter_resize(:project, 10, from_time => 'infinity');
SELECT arbiter_resize(:project, 31, from_time => '-infinity');
SELECT * FROM schedule WHERE name = 'biology';
SELECT * FROM arbiter_check();

-- forced, it shows
SELECT arbiter_resize(:project, 25, NULL, '2030-03-15', true);
SELECT resource_name, during, capacity, reserved, available, reservation_ids = ARRAY[:cluster]::bigint[] AS of_cluster
FROM arbiter_conflicts() WHERE resource_name IN ('biology', 'genome', 'spark', 'clean');
SELECT arbiter_resize(:project, 24, force => true);
SELECT arbiter_truncate(:project, '2030-03-16', true);
SELECT arbiter_move(:project, '2030-03-02', true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() WHERE resource_name IN ('biology', 'genome', 'spark', 'clean');
SELECT arbiter_cancel(:project, NULL);
SELECT arbiter_truncate(:project, '2030-03-16', NULL);
SELECT arbiter_move(:project, '2030-03-16', NULL);
SELECT arbiter_resize(:project, 24, force => NULL);
SELECT arbiter_cancel(:project, force => true);
SELECT * FROM schedule WHERE name = 'biology';
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() WHERE resource_name IN ('biology', 'genome', 'spark', 'clean');
SELECT * FROM arbiter_check();
SELECT arbiter_reserve('biology', '2030-03-05', '2030-03-06', 1);
-- it stays, and goes when it is dropped
SELECT parent, depth FROM arbiter_resource_tree WHERE resource = 'biology';
SELECT arbiter_drop_resource('biology');
SELECT arbiter_drop_resource('biology', true);
SELECT * FROM schedule WHERE name IN ('biology', 'genome', 'spark');
SELECT resource_name, during, available FROM arbiter_conflicts() WHERE resource_name IN ('biology', 'genome', 'spark', 'clean');
SELECT resource, parent, depth FROM arbiter_resource_tree WHERE resource IN ('genome', 'spark') ORDER BY path;
SELECT * FROM arbiter_check();
SELECT arbiter_drop_resource('genome', true), arbiter_drop_resource('spark', true);

-- plain SQL
SELECT arbiter_reserve('farm', '2030-03-01', '2030-03-11', 10) AS raw \gset
SELECT arbiter_sublet(:raw, 'raw') > 0 AS made;
SELECT arbiter_reserve('raw', '2030-03-05', '2030-03-06', 8) AS inner \gset
UPDATE arbiter_reservation SET amount = 9 WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET amount = 7 WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET during = '[2030-03-05,2030-03-12)' WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET during = '[2030-03-06,2030-03-12)' WHERE reservation_id = :raw;
SELECT * FROM schedule WHERE name = 'raw';
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET status = 'held', expires_at = '2029-01-01' WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET resource_id = arbiter_resource_id('disc') WHERE reservation_id = :raw;
UPDATE arbiter_reservation SET reservation_id = -1 WHERE reservation_id = :raw;
DELETE FROM arbiter_reservation WHERE reservation_id = :raw;
-- parts add up
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount) VALUES
	(:raw, 2, arbiter_resource_id('farm'), '[2030-03-04,2030-03-07)', 5),
	(:raw, 3, arbiter_resource_id('disc'), '[2030-03-04,2030-03-07)', 500);
SELECT * FROM schedule WHERE name = 'raw';
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount) VALUES
	(:raw, 1, arbiter_resource_id('farm'), '[2030-03-05,2030-03-08)', 3)
ON CONFLICT (reservation_id, part) DO UPDATE SET amount = excluded.amount, during = excluded.during;
SELECT * FROM schedule WHERE name = 'raw';
-- a reservation of the child and that of the parent, in one statement
UPDATE arbiter_reservation SET amount = amount - 1 WHERE (reservation_id, part) IN ((:raw, 1), (:inner, 1));
SELECT * FROM schedule WHERE name = 'raw';
UPDATE arbiter_reservation SET amount = amount - 1 WHERE (reservation_id, part) IN ((:raw, 1));
-- in a savepoint
BEGIN;
SAVEPOINT a;
UPDATE arbiter_reservation SET amount = 20 WHERE (reservation_id, part) = (:raw, 1);
SELECT * FROM schedule WHERE name = 'raw';
ROLLBACK TO a;
SELECT * FROM schedule WHERE name = 'raw';
SELECT arbiter_resize(:raw, 21, 'farm');
SELECT * FROM schedule WHERE name = 'raw';
ROLLBACK;
SELECT * FROM arbiter_check();

-- a child that is not built is built first
DELETE FROM arbiter_timeline WHERE resource_id IN (arbiter_resource_id('raw'), arbiter_resource_id('farm'));
UPDATE arbiter_reservation SET amount = 1 WHERE (reservation_id, part) = (:raw, 1);
UPDATE arbiter_reservation SET amount = 4 WHERE (reservation_id, part) = (:raw, 1);
DELETE FROM arbiter_timeline WHERE resource_id = arbiter_resource_id('raw');
SELECT arbiter_cancel(:raw);
SELECT arbiter_resize(:raw, 4, 'farm');
SELECT * FROM schedule WHERE name = 'raw';
SELECT * FROM arbiter_check();

-- a reservation that was sublet stays where it is when others are evacuated
SELECT arbiter_create_resource('farm-2') > 0 AS made;
SELECT arbiter_set_capacity('farm-2', '2030-01-01', '2031-01-01', 100);
SELECT arbiter_reserve('farm', '2030-03-06', '2030-03-07', 3) AS other \gset
SELECT reservation_id = :other AS is_other, part, amount, moved, reason, replace(message, :'raw', 'N') AS message
FROM arbiter_evacuate('farm', 'farm-2', '2030-03-01', '2030-03-31') ORDER BY 1 DESC, part;
SELECT arbiter_evacuate('farm', 'raw', '2030-03-01', '2030-03-31');

-- setup and cleanup times are not there to be sublet
SELECT arbiter_alter_resource('farm-2', setup_time => '1 hour', cleanup_time => '2 hours');
SELECT arbiter_reserve('farm-2', '2030-08-01', '2030-08-02', 4) AS clean \gset
SELECT arbiter_sublet(:clean, 'clean') > 0 AS made;
SELECT * FROM schedule WHERE name = 'clean';
SELECT arbiter_resize(:clean, 6, from_time => '2030-08-01 12:00');
SELECT part, during, occupied, amount FROM arbiter_reservation WHERE reservation_id = :clean ORDER BY part;
SELECT * FROM schedule WHERE name = 'clean';
SELECT arbiter_alter_resource('farm-2', granularity => '1 hour');
SELECT arbiter_resize(:clean, 7, from_time => '2030-08-01 13:30');

-- a parent that is dropped
SELECT arbiter_reserve('clean', '2030-08-01', '2030-08-02', 2) > 0 AS made;
SELECT arbiter_drop_resource('farm-2');
SELECT arbiter_drop_resource('farm-2', true);
SELECT * FROM schedule WHERE name = 'clean';
SELECT resource_name, during, capacity, available FROM arbiter_conflicts() WHERE resource_name IN ('biology', 'genome', 'spark', 'clean');
SELECT resource, parent, depth FROM arbiter_resource_tree WHERE resource = 'clean';
SELECT arbiter_set_capacity('clean', '2030-03-01', '2030-03-02', 50);
SELECT * FROM arbiter_check();
SELECT arbiter_drop_resource('clean', true);

-- history that goes
SELECT arbiter_reserve('farm', '2030-09-01', '2030-09-02', 4) AS gone \gset
SELECT arbiter_sublet(:gone, 'gone') > 0 AS made;
SELECT arbiter_cancel(:gone);
BEGIN;
SELECT arbiter_purge('infinity') > 0 AS purged;
SELECT * FROM schedule WHERE name = 'gone';
SELECT resource, parent, parent_reservation_id = :gone AS of_gone FROM arbiter_resource_tree WHERE resource = 'gone';
ROLLBACK;

-- the check sees a child that does not follow
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
UPDATE arbiter_reservation SET amount = 2 WHERE (reservation_id, part) = (:both, 1) OR (reservation_id, part) = (:both, 2);
ALTER TABLE arbiter_reservation ENABLE TRIGGER USER;
SELECT r.name, c.problem, c.during, c.expected, c.found FROM arbiter_check() c JOIN arbiter_resource r USING (resource_id)
WHERE problem LIKE '%child%' ORDER BY r.name;
-- and a rebuild has it follow
SELECT arbiter_rebuild('both.disc') >= 0 AND arbiter_rebuild('both.farm') >= 0 AS rebuilt;
SELECT count(*) FROM arbiter_check() WHERE problem LIKE '%child%';
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() WHERE resource_name LIKE 'both.%';
ROLLBACK;

-- a circle that was loaded does no harm
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE arbiter_resource SET parent_reservation_id = -1, parent_resource_id = arbiter_resource_id('raw') WHERE name = 'raw';
RESET session_replication_role;
SELECT count(*) FROM arbiter_resource_tree WHERE resource = 'raw';
SELECT count(*) FROM arbiter_tree('raw', '2030-03-01', '2030-03-02');
SELECT count(*) FROM arbiter_check('raw') WHERE problem LIKE '%child%';
ROLLBACK;

-- privileges
CREATE ROLE regress_arbiter_tenant;
SET ROLE regress_arbiter_tenant;
SELECT arbiter_sublet(1, 'x');
SELECT * FROM arbiter_resource_tree;
SELECT * FROM arbiter_tree();
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_sublet TO regress_arbiter_tenant;
SELECT arbiter_reserve('farm', '2030-10-01', '2030-10-02', 4) AS mine \gset
SET ROLE regress_arbiter_tenant;
SELECT arbiter_sublet(:mine, 'mine') > 0 AS made;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION arbiter_sublet FROM regress_arbiter_tenant;
DROP ROLE regress_arbiter_tenant;
BEGIN READ ONLY;
SELECT arbiter_sublet(:mine, 'x');
ROLLBACK;

-- all reservations go, and with them the capacity of children
BEGIN;
TRUNCATE arbiter_reservation;
SELECT name, count(*) FROM schedule WHERE name IN ('farm', 'disc', 'raw', 'mine', 'both.farm', 'both.disc') GROUP BY name ORDER BY name;
SELECT * FROM arbiter_check();
ROLLBACK;
BEGIN;
TRUNCATE arbiter_reservation, arbiter_capacity;
SELECT count(*) FROM schedule;
SELECT * FROM arbiter_check();
ROLLBACK;
SELECT * FROM arbiter_check();
DROP VIEW schedule;
SELECT count(arbiter_drop_resource(name, true)) FROM arbiter_resource WHERE name IN ('farm', 'disc', 'raw', 'mine', 'both.farm', 'both.disc', 'gone');
