-- A checker that can fail: what arbiter_check() complains of, and what repairs it.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('check') > 0;
SELECT arbiter_set_capacity('check', '2030-01-01', '2030-03-01', 10);
SELECT arbiter_reserve('check', '2030-01-10', '2030-01-20', 4) > 0;
SELECT arbiter_reserve('check', '2030-01-12', '2030-02-20', 3) > 0;
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
CREATE FUNCTION problems() RETURNS TABLE (problem text, count bigint) LANGUAGE sql STABLE AS $$
	SELECT c.problem, count(*) FROM arbiter_check('check') c GROUP BY c.problem ORDER BY c.problem
$$;

-- every column of the timeline
BEGIN;
UPDATE arbiter_timeline SET base = base + 1 WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
SELECT count(*) > 0 FROM arbiter_check();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
SELECT * FROM arbiter_timeline('check', '2030-01-01', '2030-03-01');
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET minimum = minimum - 1 WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem FROM problems();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET maximum = maximum + 1 WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem FROM problems();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
BEGIN;
-- a step earlier than the one before it
UPDATE arbiter_timeline SET steps[3] = steps[1] - 1 WHERE resource_id = id_of('check') AND cardinality(steps) > 2;
SELECT problem FROM problems() WHERE problem = 'step out of order';
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET steps[4] = steps[2], minimum = least(minimum, steps[2]) WHERE resource_id = id_of('check') AND cardinality(steps) > 2;
SELECT problem FROM problems() WHERE problem = 'equal neighbouring steps';
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET during = tstzrange(lower(during), upper(during) - interval '1 h') WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem FROM problems();
ROLLBACK;
BEGIN;
INSERT INTO arbiter_timeline SELECT resource_id, ends + interval '1 us', 'empty', steps, base, minimum, maximum
FROM arbiter_timeline WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem FROM problems() WHERE problem = 'chunks overlap';
ROLLBACK;
BEGIN;
DELETE FROM arbiter_timeline WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT problem FROM problems();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
BEGIN;
DELETE FROM arbiter_timeline WHERE resource_id = id_of('check') AND ends = '-infinity';
SELECT problem FROM problems();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
SELECT * FROM arbiter_check('check');

-- base tables changed behind arbiter's back
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('check'), '[2030-01-15,2030-01-16)', 20);
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
ALTER TABLE arbiter_reservation ENABLE TRIGGER USER;
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('check');
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
UPDATE arbiter_reservation SET amount = amount + 1 WHERE resource_id = id_of('check') AND amount = 4;
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('check') AND amount = 4;
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
UPDATE arbiter_reservation SET status = 'cancelled' WHERE resource_id = id_of('check') AND amount = 4;
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_capacity DISABLE TRIGGER USER;
UPDATE arbiter_capacity SET amount = amount - 1 WHERE resource_id = id_of('check');
SELECT problem FROM problems();
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;
BEGIN;
-- booked where there is neither capacity nor a chunk
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('check'), '[2050-01-15,2050-01-16)', 1);
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('check');
ROLLBACK;
BEGIN;
-- ranges that are not half-open, without an end, or nothing at all
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('check'), 'empty', 1),
	(id_of('check'), '[2030-01-03,2030-01-04]', 3), (id_of('check'), '[2030-02-25,)', 4);
ALTER TABLE arbiter_reservation ENABLE TRIGGER USER;
SELECT count(*) > 0 FROM arbiter_check('check');
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_timeline('check');
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
SELECT arbiter_reserve('check', '2030-01-05', '2030-01-06', 10) > 0;
DELETE FROM arbiter_reservation WHERE resource_id = id_of('check');
SELECT * FROM arbiter_timeline('check');
SELECT problem, during, expected, found FROM arbiter_check('check') ORDER BY during, problem;
ROLLBACK;
BEGIN;
UPDATE arbiter_timeline SET steps = steps[1:2] WHERE resource_id = id_of('check') AND steps <> '{}';
SELECT count(*) > 0 FROM arbiter_check('check');
SELECT arbiter_rebuild('check') > 0;
SELECT * FROM arbiter_check('check');
ROLLBACK;

-- triggers switched off and all on again, as a restore of data may do
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER ALL;
ALTER TABLE arbiter_reservation ENABLE TRIGGER ALL;
ALTER TABLE arbiter_capacity DISABLE TRIGGER ALL;
ALTER TABLE arbiter_capacity ENABLE TRIGGER ALL;
ALTER TABLE arbiter_timeline DISABLE TRIGGER ALL;
ALTER TABLE arbiter_timeline ENABLE TRIGGER ALL;
SELECT arbiter_reserve('check', '2030-01-15', '2030-01-16', 1) > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('check'), '[2030-01-15,2030-01-16)', 2);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('check'), '[2030-01-15,2030-01-16)', 1) $$);
SELECT count(*) > 1 FROM arbiter_timeline WHERE resource_id = id_of('check');
SELECT * FROM arbiter_check('check');
ROLLBACK;

-- orphans
BEGIN;
ALTER TABLE arbiter_resource DISABLE TRIGGER USER;
DELETE FROM arbiter_resource WHERE name = 'check';
SELECT problem, count(*) > 0 FROM arbiter_check() GROUP BY problem ORDER BY problem;
ROLLBACK;

-- a name that is not there; all is well in the end
SELECT outcome($$ SELECT * FROM arbiter_check('no such resource') $$);
SELECT outcome($$ SELECT arbiter_rebuild('no such resource') $$);
SELECT * FROM arbiter_check();
DROP FUNCTION problems();
