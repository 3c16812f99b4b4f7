-- Providers: what they have, what they can do, where they are.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';

-- Partitions and providers
SELECT arbiter_create_partition('p.main') > 0 AS created;
SELECT outcome($$ SELECT arbiter_create_partition('p.main') $$);
SELECT outcome($$ SELECT arbiter_create_partition(NULL) $$);
SELECT outcome($$ SELECT arbiter_create_partition('') $$);
SELECT arbiter_create_provider('p1', partition => 'p.main') > 0 AS created;
SELECT arbiter_create_provider('p2', 'cluster') > 0 AS created;
SELECT arbiter_create_provider('p3', parent => 'p2') > 0 AS created;
SELECT outcome($$ SELECT arbiter_create_provider('p1') $$);
SELECT outcome($$ SELECT arbiter_create_provider(NULL) $$);
SELECT outcome($$ SELECT arbiter_create_provider('') $$);
SELECT outcome($$ SELECT arbiter_create_provider('p4', '') $$);
SELECT outcome($$ SELECT arbiter_create_provider('p4', NULL) $$);
SELECT outcome($$ SELECT arbiter_create_provider('p4', partition => 'nowhere') $$);
SELECT outcome($$ SELECT arbiter_create_provider('p4', parent => 'nobody') $$);
CREATE VIEW provider AS
SELECT p.name, p.provider_type, t.name AS partition, o.name AS parent, p.claimable
FROM arbiter_provider p LEFT JOIN arbiter_partition t USING (partition_id)
LEFT JOIN arbiter_provider o ON o.provider_id = p.parent_provider_id
WHERE p.name LIKE 'p%';
SELECT * FROM provider ORDER BY name;

SELECT arbiter_alter_provider('p2', provider_type => 'rack', partition => 'p.main', claimable => false);
SELECT arbiter_alter_provider('p3', 'p3.new', parent => 'p1');
SELECT * FROM provider ORDER BY name;
SELECT arbiter_alter_provider('p3.new', 'p3', clear => '{parent}');
SELECT arbiter_alter_provider('p2', claimable => true, clear => '{partition, parent}');
SELECT * FROM provider ORDER BY name;
SELECT outcome($$ SELECT arbiter_alter_provider('nobody') $$);
SELECT outcome($$ SELECT arbiter_alter_provider(NULL) $$);
SELECT outcome($$ SELECT arbiter_alter_provider('p1', 'p2') $$);
SELECT outcome($$ SELECT arbiter_alter_provider('p1', '') $$);
SELECT outcome($$ SELECT arbiter_alter_provider('p1', clear => '{name}') $$);
SELECT outcome($$ SELECT arbiter_alter_provider('p1', partition => 'nowhere') $$);
-- nothing is a part of itself, however many are in between
SELECT arbiter_alter_provider('p2', parent => 'p1'), arbiter_alter_provider('p3', parent => 'p2');
SELECT outcome($$ SELECT arbiter_alter_provider('p1', parent => 'p3') $$);
SELECT outcome($$ SELECT arbiter_alter_provider('p1', parent => 'p1') $$);
SELECT outcome($$ SELECT arbiter_drop_provider('p1') $$);
SELECT outcome($$ SELECT arbiter_drop_partition('p.main') $$);
SELECT outcome($$ SELECT arbiter_drop_partition('nowhere') $$);
SELECT arbiter_alter_provider('p2', clear => '{parent}'), arbiter_alter_provider('p3', clear => '{parent}');

-- Inventories: capacity is (total - reserved) * allocation_ratio, rounded down
CREATE VIEW inventory AS
SELECT r.name, r.unit, i.reserved, i.min_unit, i.max_unit, i.step_size, i.allocation_ratio,
	(SELECT string_agg(format('%s:%s', to_char(lower(t.during), 'YYYY'), t.total), ' ' ORDER BY t.during)
		FROM arbiter_inventory_total t WHERE t.resource_id = r.resource_id) AS totals,
	(SELECT string_agg(format('%s:%s', to_char(lower(c.during), 'YYYY'), c.amount), ' ' ORDER BY c.during)
		FROM arbiter_capacity c WHERE c.resource_id = r.resource_id) AS capacity
FROM arbiter_resource r LEFT JOIN arbiter_inventory i USING (resource_id) WHERE r.name LIKE 'p%';
INSERT INTO arbiter_resource_type (resource_type, unit) VALUES ('p.memory', 'byte');
SELECT arbiter_set_inventory('p1', 'p.cpu', 24, allocation_ratio => 16) AS resource \gset
SELECT arbiter_resource_id('p1.p.cpu') = :resource AS same;
SELECT arbiter_set_inventory('p1', 'p.memory', 137438953472, 268435456, 67108864, 103079215104, 67108864, 1.5) > 0 AS set;
SELECT * FROM inventory ORDER BY name;
SELECT resource_type, unit FROM arbiter_resource_type WHERE resource_type LIKE 'p.%' ORDER BY 1;
SELECT arbiter_available('p1.p.cpu', '2030-01-01', '2031-01-01') AS cpu, arbiter_available('p1.p.memory', '2030-01-01', 'infinity') AS memory;
-- nothing is left where more is reserved than there is; parts of units are none
SELECT arbiter_set_inventory('p1', 'p.cpu', 3, reserved => 4) > 0 AS set;
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
SELECT arbiter_set_inventory('p1', 'p.cpu', 9, reserved => 2, allocation_ratio => 0.5) > 0 AS set;
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
SELECT arbiter_set_inventory('p1', 'p.cpu', 9, reserved => 2, allocation_ratio => 0.1428) > 0 AS set;
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
-- a total over a time; the same again is one range; what is not given stays
SELECT arbiter_set_inventory('p1', 'p.cpu', 24, 0, allocation_ratio => 16, max_unit => 8) > 0 AS set;
SELECT arbiter_set_inventory('p1', 'p.cpu', 12, start_time => '2030-01-01', end_time => '2031-01-01') > 0 AS set;
SELECT arbiter_set_inventory('p1', 'p.cpu', 24, start_time => '2032-01-01') > 0 AS set;
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
SELECT arbiter_set_inventory('p1', 'p.cpu', start_time => '2035-01-01', end_time => '2036-01-01') > 0 AS set;
SELECT arbiter_set_inventory('p1', 'p.cpu', end_time => '2000-01-01') > 0 AS set;
SELECT arbiter_set_inventory('p1', 'p.cpu', reserved => 2, clear => '{max_unit}') > 0 AS set;
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
SELECT outcome($$ SELECT arbiter_reserve('p1.p.cpu', '2035-06-01', '2035-07-01', 1) $$);
-- nothing is written where nothing changes
CREATE VIEW version AS
SELECT 'i' AS kind, xmin::text AS version, ctid::text AS place FROM arbiter_inventory
UNION ALL SELECT 't', xmin::text, ctid::text FROM arbiter_inventory_total
UNION ALL SELECT 'c', xmin::text, ctid::text FROM arbiter_capacity;
CREATE TEMPORARY TABLE before AS SELECT * FROM version;
SELECT arbiter_set_inventory('p1', 'p.cpu', 24, 2, 1, NULL, 1, 16.0, '2032-01-01', '2033-01-01') > 0 AS set;
SELECT count(*) FROM (TABLE before EXCEPT TABLE version UNION ALL (TABLE version EXCEPT TABLE before)) d;
SELECT arbiter_set_inventory('p1', 'p.cpu', 23, start_time => '2032-01-01', end_time => '2033-01-01') > 0 AS set;
SELECT kind, count(*) FROM (TABLE before EXCEPT TABLE version) d GROUP BY kind ORDER BY kind;
SELECT arbiter_set_inventory('p1', 'p.cpu', 24, start_time => '2032-01-01', end_time => '2033-01-01') > 0 AS set;
DROP TABLE before;
DROP VIEW version;
-- without a total it is known, and can be reserved nowhere
SELECT arbiter_set_inventory('p2', 'p.disk', min_unit => 1000) > 0 AS set;
SELECT * FROM inventory WHERE name = 'p2.p.disk';
SELECT outcome($$ SELECT arbiter_reserve('p2.p.disk', '2030-01-01', '2031-01-01', 1) $$);

-- refusals
SELECT outcome($$ SELECT arbiter_set_inventory(NULL, 'p.cpu', 1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, force => NULL) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', '', 1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('nobody', 'p.cpu', 1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', -1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, reserved => -1) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, min_unit => 0) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, max_unit => 0) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, step_size => 0) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, min_unit => 3, max_unit => 2) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, min_unit => 2, max_unit => 7, step_size => 8) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p2', 'p.disk', max_unit => 999) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, allocation_ratio => 0) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, allocation_ratio => 1000000) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, allocation_ratio => 1.00001) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, allocation_ratio => 'nan') $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 9223372036854775807, allocation_ratio => 2) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, start_time => '2030-01-01', end_time => '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, start_time => '-infinity') $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, clear => '{min_unit}') $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 1, max_unit => 5, clear => '{max_unit}') $$);
SELECT arbiter_create_resource('p3.p.cpu') > 0 AS created;
SELECT outcome($$ SELECT arbiter_set_inventory('p3', 'p.cpu', 1) $$);
SELECT arbiter_drop_resource('p3.p.cpu');

-- what is reserved stays covered, unless forced
SELECT arbiter_reserve('p1.p.cpu', '2030-03-01', '2030-04-01', 150) AS reservation \gset
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', reserved => 3) $$);
SELECT outcome($$ SELECT arbiter_set_inventory('p1', 'p.cpu', 10, start_time => '2030-03-31', end_time => '2031-01-01') $$);
SELECT * FROM inventory WHERE name = 'p1.p.cpu';
SELECT arbiter_set_inventory('p1', 'p.cpu', reserved => 3, force => true) > 0 AS set;
SELECT during, capacity, reserved, available FROM arbiter_conflicts('p1.p.cpu');
SELECT arbiter_set_inventory('p1', 'p.cpu', reserved => 0) > 0 AS set;
SELECT * FROM arbiter_check();

-- the capacity is set in no other way
SELECT outcome($$ SELECT arbiter_set_capacity('p1.p.cpu', '2030-01-01', '2031-01-01', 5) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('p1.p.cpu', '2030-01-01', '2031-01-01', 5) $$);
SELECT outcome($$ SELECT arbiter_load_schedule('p1.p.cpu', '{}') $$);
SELECT outcome($$ INSERT INTO arbiter_capacity SELECT resource_id, '[1960-01-01, 1961-01-01)', 5 FROM arbiter_resource WHERE name = 'p1.p.cpu' $$);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 5 WHERE resource_id = arbiter_resource_id('p1.p.cpu') $$);
SELECT outcome($$ DELETE FROM arbiter_capacity WHERE resource_id = arbiter_resource_id('p1.p.cpu') $$);
BEGIN;
TRUNCATE arbiter_reservation;
SELECT outcome($$ TRUNCATE arbiter_capacity $$);
SELECT regexp_replace(outcome($$ TRUNCATE arbiter_resource $$), '\d+ rows', 'N rows');
ROLLBACK;

-- by plain SQL: the capacity follows the rows, after the statement
INSERT INTO arbiter_inventory_total SELECT resource_id, '[2050-01-01, 2051-01-01)', 7 FROM arbiter_resource WHERE name = 'p2.p.disk';
UPDATE arbiter_inventory SET allocation_ratio = 1.5 WHERE resource_id = arbiter_resource_id('p2.p.disk');
SELECT * FROM inventory WHERE name = 'p2.p.disk';
UPDATE arbiter_inventory_total SET total = total + 1 WHERE resource_id IN (arbiter_resource_id('p2.p.disk'), arbiter_resource_id('p1.p.memory'));
SELECT * FROM inventory WHERE name IN ('p2.p.disk', 'p1.p.memory') ORDER BY name;
SELECT outcome($$ UPDATE arbiter_inventory_total SET total = 1 WHERE resource_id = arbiter_resource_id('p1.p.cpu') $$);
SELECT outcome($$ DELETE FROM arbiter_inventory_total WHERE resource_id = arbiter_resource_id('p1.p.cpu') $$);
SELECT outcome($$ DELETE FROM arbiter_inventory WHERE resource_id = arbiter_resource_id('p1.p.cpu') $$);
SELECT outcome($$ TRUNCATE arbiter_inventory_total $$);
SELECT outcome($$ INSERT INTO arbiter_inventory_total SELECT resource_id, '(2060-01-01, 2061-01-01)', 7 FROM arbiter_resource WHERE name = 'p2.p.disk' $$);
SELECT outcome($$ UPDATE arbiter_inventory SET step_size = 0 $$);
DELETE FROM arbiter_inventory_total WHERE resource_id = arbiter_resource_id('p2.p.disk');
SELECT * FROM inventory WHERE name = 'p2.p.disk';
-- COPY too, where the resource is built; a restore is not followed
\set ECHO none
SELECT format('COPY arbiter_inventory_total FROM PROGRAM %L', format('printf "%s\t[2060-01-01Z,2061-01-01Z)\t5\n"', arbiter_resource_id('p2.p.disk'))) \gexec
\set ECHO all
SELECT * FROM inventory WHERE name = 'p2.p.disk';
BEGIN;
ALTER TABLE arbiter_timeline DISABLE TRIGGER USER;
DELETE FROM arbiter_timeline WHERE resource_id = arbiter_resource_id('p2.p.disk');
\set ECHO none
SELECT format('COPY arbiter_inventory_total FROM PROGRAM %L', format('printf "%s\t[2062-01-01Z,2063-01-01Z)\t5\n"', arbiter_resource_id('p2.p.disk'))) \gexec
\set ECHO all
SELECT * FROM inventory WHERE name = 'p2.p.disk';
ROLLBACK;
DELETE FROM arbiter_inventory_total WHERE resource_id = arbiter_resource_id('p2.p.disk');
BEGIN;
DELETE FROM arbiter_reservation WHERE resource_id = arbiter_resource_id('p1.p.cpu');
TRUNCATE arbiter_inventory;
SELECT count(*) FROM inventory WHERE capacity IS NOT NULL;
ROLLBACK;
-- the resources too: they are named after provider and type
BEGIN;
INSERT INTO arbiter_resource (name, resource_type, provider_id) SELECT 'p3.p.gpu', 'p.gpu', provider_id FROM arbiter_provider WHERE name = 'p3';
INSERT INTO arbiter_inventory_total SELECT resource_id, '[2030-01-01, infinity)', 4 FROM arbiter_resource WHERE name = 'p3.p.gpu';
SELECT problem FROM arbiter_check();
INSERT INTO arbiter_inventory (resource_id, reserved) SELECT resource_id, 1 FROM arbiter_resource WHERE name = 'p3.p.gpu';
SELECT * FROM inventory WHERE name = 'p3.p.gpu';
SELECT * FROM arbiter_check();
SELECT arbiter_available('p3.p.gpu', '2030-01-01', '2031-01-01');
ROLLBACK;
SELECT outcome($$ INSERT INTO arbiter_resource (name, resource_type, provider_id) SELECT 'p3.gpu', 'p.gpu', provider_id FROM arbiter_provider WHERE name = 'p3' $$);
SELECT outcome($$ INSERT INTO arbiter_resource (name, provider_id) SELECT 'p3.gpu', provider_id FROM arbiter_provider WHERE name = 'p3' $$);
SELECT outcome($$ INSERT INTO arbiter_resource (name, resource_type, provider_id) VALUES ('p0.p.gpu', 'p.gpu', 0) $$);
SELECT outcome($$ UPDATE arbiter_resource SET provider_id = NULL WHERE name = 'p1.p.cpu' $$);
SELECT outcome($$ UPDATE arbiter_resource SET provider_id = provider_id + 1 WHERE name = 'p1.p.cpu' $$);
SELECT outcome($$ UPDATE arbiter_resource SET name = 'other' WHERE name = 'p1.p.cpu' $$);
SELECT outcome($$ UPDATE arbiter_resource SET resource_type = 'other' WHERE name = 'p1.p.cpu' $$);
SELECT arbiter_create_resource('p.none', resource_type => 'p.cpu') > 0 AS created;
SELECT outcome($$ UPDATE arbiter_resource SET provider_id = (SELECT min(provider_id) FROM arbiter_provider) WHERE name = 'p.none' $$);
SELECT arbiter_drop_resource('p.none');
SELECT outcome($$ SELECT arbiter_alter_resource('p1.p.cpu', 'other') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('p1.p.cpu', resource_type => 'other') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('p1.p.cpu', clear => '{resource_type}') $$);
-- its other options are those of any resource
SELECT arbiter_alter_resource('p1.p.cpu', float_percent => 10, unit => 'core');
SELECT arbiter_available('p1.p.cpu', '2032-01-01', '2033-01-01');
SELECT arbiter_alter_resource('p1.p.cpu', clear => '{float_percent}');

-- a random walk, against days of a plain table
SELECT setseed(0.5);
SELECT arbiter_create_provider('p.walk') > 0 AS created;
SELECT arbiter_set_inventory('p.walk', 'p.cpu') > 0 AS set;
CREATE TEMPORARY TABLE walk (day date, total bigint);
INSERT INTO walk SELECT date '2040-01-01' + n, NULL FROM generate_series(0, 59) n;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*)
	FROM walk w CROSS JOIN arbiter_inventory i
	LEFT JOIN arbiter_capacity c ON c.resource_id = i.resource_id AND c.during @> (w.day + time '12:00') AT TIME ZONE 'UTC'
	WHERE i.resource_id = arbiter_resource_id('p.walk.p.cpu')
		AND c.amount IS DISTINCT FROM trunc(CASE WHEN w.total < i.reserved THEN 0 ELSE (w.total - i.reserved) * i.allocation_ratio END)::bigint
$$;
DO $$
DECLARE
	first date;
	last date;
	new bigint;
	raw boolean;
BEGIN
	FOR turn IN 1 .. 300 LOOP
		first := date '2040-01-01' + (random() * 58)::int;
		last := least(date '2040-03-01', first + 1 + (random() * 20)::int);
		new := CASE WHEN random() < 0.8 THEN (random() * 50)::bigint END;
		raw := random() < 0.2;
		IF raw THEN
			UPDATE arbiter_inventory SET reserved = (random() * 30)::bigint, allocation_ratio = round((0.1 + random() * 3)::numeric, 4)
			WHERE resource_id = arbiter_resource_id('p.walk.p.cpu');
		ELSE
			PERFORM arbiter_set_inventory('p.walk', 'p.cpu', new, CASE WHEN random() < 0.3 THEN (random() * 30)::bigint END,
				start_time => first::timestamp AT TIME ZONE 'UTC', end_time => last::timestamp AT TIME ZONE 'UTC');
			UPDATE walk SET total = new WHERE day >= first AND day < last;
		END IF;
		IF differences() > 0 THEN
			RAISE EXCEPTION 'turn %', turn;
		END IF;
	END LOOP;
END
$$;
SELECT count(*) > 5 AS steps, differences() FROM arbiter_inventory_total WHERE resource_id = arbiter_resource_id('p.walk.p.cpu');
SELECT count(*) FROM arbiter_inventory_total a JOIN arbiter_inventory_total b USING (resource_id, total)
WHERE upper(a.during) = lower(b.during) AND resource_id = arbiter_resource_id('p.walk.p.cpu');
SELECT * FROM arbiter_check();
SELECT arbiter_drop_provider('p.walk');
DROP TABLE walk;
DROP FUNCTION differences();

-- what arbiter_check() complains of, and arbiter_rebuild() repairs
BEGIN;
ALTER TABLE arbiter_inventory DISABLE TRIGGER USER;
UPDATE arbiter_inventory SET allocation_ratio = 8 WHERE resource_id = arbiter_resource_id('p1.p.cpu');
SELECT problem, during, expected, found FROM arbiter_check() ORDER BY during, problem;
SELECT arbiter_rebuild('p1.p.cpu') > 0 AS rebuilt;
SELECT problem FROM arbiter_check();
SELECT count(*) FROM arbiter_conflicts('p1.p.cpu');
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_inventory_total DISABLE TRIGGER USER;
DELETE FROM arbiter_inventory_total WHERE resource_id = arbiter_resource_id('p1.p.memory');
SELECT problem, during, expected, found FROM arbiter_check() ORDER BY during, problem;
ROLLBACK;
BEGIN;
UPDATE arbiter_provider SET partition_id = 0, parent_provider_id = 0 WHERE name = 'p2';
INSERT INTO arbiter_provider_capability SELECT provider_id, 0 FROM arbiter_provider WHERE name = 'p2';
INSERT INTO arbiter_provider_group_member SELECT 0, provider_id FROM arbiter_provider WHERE name = 'p2';
INSERT INTO arbiter_provider_distance SELECT provider_id, 0, 0, 0 FROM arbiter_provider WHERE name LIKE 'p_';
INSERT INTO arbiter_distance (distance_type_id, name, position) VALUES (0, 'p.none', 0);
INSERT INTO arbiter_inventory (resource_id) VALUES (0);
INSERT INTO arbiter_inventory_total VALUES (0, '[2030-01-01, 2031-01-01)', 1);
DELETE FROM arbiter_provider WHERE name = 'p1';
SELECT * FROM arbiter_check() WHERE resource_id IS NULL OR resource_id = 0 ORDER BY problem;
SELECT problem, count(*) FROM arbiter_check() WHERE resource_id > 0 GROUP BY problem;
ROLLBACK;
SELECT * FROM arbiter_check();

-- a provider takes its resources along
SELECT arbiter_alter_provider('p1', 'p9');
SELECT name, capacity FROM inventory ORDER BY name;
SELECT arbiter_create_resource('p1.p.memory') > 0 AS created;
SELECT outcome($$ SELECT arbiter_alter_provider('p9', 'p1') $$);
SELECT name FROM provider ORDER BY name;
SELECT arbiter_drop_resource('p1.p.memory');
SELECT arbiter_alter_provider('p9', 'p1');

-- Capabilities
CREATE VIEW capability AS
SELECT p.name, string_agg(c.name, ' ' ORDER BY c.name) AS capabilities
FROM arbiter_provider p JOIN arbiter_provider_capability USING (provider_id) JOIN arbiter_capability c USING (capability_id)
WHERE p.name LIKE 'p%' GROUP BY p.name;
SELECT arbiter_set_capabilities('p1', '{p.ssd, p.avx, p.avx2}'), arbiter_set_capabilities('p2', '{p.hdd, p.avx, p.avx}');
SELECT * FROM capability ORDER BY name;
SELECT arbiter_set_capabilities('p1', '{p.hdd, p.avx}'), arbiter_set_capabilities('p2', '{}');
SELECT * FROM capability ORDER BY name;
SELECT arbiter_add_capability('p2', 'p.vmx'), arbiter_add_capability('p2', 'p.hdd'), arbiter_add_capability('p2', 'p.hdd'), arbiter_drop_capability('p1', 'p.avx');
SELECT * FROM capability ORDER BY name;
SELECT outcome($$ SELECT arbiter_set_capabilities('nobody', '{}') $$);
SELECT outcome($$ SELECT arbiter_set_capabilities('p1', NULL) $$);
SELECT outcome($$ SELECT arbiter_set_capabilities('p1', '{NULL}') $$);
SELECT outcome($$ SELECT arbiter_set_capabilities('p1', '{""}') $$);
SELECT outcome($$ SELECT arbiter_add_capability('p1', '') $$);
SELECT outcome($$ SELECT arbiter_add_capability('p1', NULL) $$);
SELECT outcome($$ SELECT arbiter_drop_capability('p1', 'p.avx') $$);
SELECT outcome($$ SELECT arbiter_drop_capability('p1', 'p.unheard') $$);

-- Groups
SELECT arbiter_create_provider_group('p.east', 'site') > 0 AS site, arbiter_create_provider_group('p.row0', 'row') > 0 AS row;
SELECT arbiter_add_to_group('p.east', 'p1'), arbiter_add_to_group('p.east', 'p2'), arbiter_add_to_group('p.row0', 'p1'), arbiter_add_to_group('p.row0', 'p1');
CREATE VIEW member AS
SELECT g.name AS provider_group, g.group_type, string_agg(p.name, ' ' ORDER BY p.name) AS providers
FROM arbiter_provider_group g LEFT JOIN arbiter_provider_group_member USING (group_id) LEFT JOIN arbiter_provider p USING (provider_id)
WHERE g.name LIKE 'p.%' GROUP BY g.name, g.group_type;
SELECT * FROM member ORDER BY 1;
SELECT arbiter_drop_from_group('p.east', 'p1');
SELECT * FROM member ORDER BY 1;
SELECT outcome($$ SELECT arbiter_create_provider_group('p.east', 'site') $$);
SELECT outcome($$ SELECT arbiter_create_provider_group('p.west', NULL) $$);
SELECT outcome($$ SELECT arbiter_create_provider_group('p.west', '') $$);
SELECT outcome($$ SELECT arbiter_create_provider_group('', 'site') $$);
SELECT outcome($$ SELECT arbiter_add_to_group('p.west', 'p1') $$);
SELECT outcome($$ SELECT arbiter_add_to_group('p.east', 'nobody') $$);
SELECT outcome($$ SELECT arbiter_add_to_group(NULL, 'p1') $$);
SELECT outcome($$ SELECT arbiter_drop_from_group('p.east', 'p1') $$);
SELECT outcome($$ SELECT arbiter_drop_provider_group('p.west') $$);

-- Distances
SELECT arbiter_set_distances('p.failure', '{p.local, p.rack, p.row}');
CREATE VIEW distance AS
SELECT p.name AS provider, g.name AS provider_group, t.name AS distance_type, d.name AS distance, d.position
FROM arbiter_provider_distance x JOIN arbiter_provider p USING (provider_id) JOIN arbiter_provider_group g USING (group_id)
JOIN arbiter_distance_type t USING (distance_type_id) JOIN arbiter_distance d USING (distance_id);
SELECT arbiter_set_distance('p1', 'p.east', 'p.failure', 'p.row'), arbiter_set_distance('p2', 'p.east', 'p.failure', 'p.rack');
SELECT * FROM distance ORDER BY 1, 2, 3;
SELECT arbiter_set_distance('p1', 'p.east', 'p.failure', 'p.local');
SELECT arbiter_set_distance('p2', 'p.east', 'p.failure', NULL);
SELECT * FROM distance ORDER BY 1, 2, 3;
-- others of the type, in another order; what is used stays
SELECT arbiter_set_distances('p.failure', '{p.rack, p.local, p.site}');
SELECT name, position FROM arbiter_distance WHERE name LIKE 'p.%' ORDER BY position;
SELECT * FROM distance ORDER BY 1, 2, 3;
SELECT outcome($$ SELECT arbiter_set_distances('p.failure', '{p.rack}') $$);
SELECT outcome($$ SELECT arbiter_set_distances('p.failure', '{p.rack, p.local, p.rack}') $$);
SELECT outcome($$ SELECT arbiter_set_distances('p.failure', '{p.rack, NULL}') $$);
SELECT outcome($$ SELECT arbiter_set_distances('p.failure', NULL) $$);
SELECT outcome($$ SELECT arbiter_set_distances('', '{p.rack}') $$);
SELECT outcome($$ SELECT arbiter_set_distance('p1', 'p.east', 'p.failure', 'p.row') $$);
SELECT outcome($$ SELECT arbiter_set_distance('p1', 'p.east', 'p.network', 'p.rack') $$);
SELECT outcome($$ SELECT arbiter_set_distance('p1', 'p.west', 'p.failure', 'p.rack') $$);
SELECT outcome($$ SELECT arbiter_set_distance('nobody', 'p.east', 'p.failure', 'p.rack') $$);
SELECT outcome($$ SELECT arbiter_set_distance('p1', 'p.east', NULL, 'p.rack') $$);

-- Consumers
SELECT arbiter_set_consumer('p.vm', 'machine', owner_user => 'ada') = arbiter_set_consumer('p.vm', owner_project => 'science') AS same;
SELECT name, consumer_type, owner_project, owner_user FROM arbiter_consumer WHERE name LIKE 'p.%';
SELECT outcome($$ SELECT arbiter_set_consumer(NULL) $$);
SELECT outcome($$ SELECT arbiter_drop_consumer('p.job') $$);
INSERT INTO arbiter_claim (reservation_id, request, allocations, consumer_id) SELECT :reservation, '{}', '[]', consumer_id FROM arbiter_consumer WHERE name = 'p.vm';
SELECT outcome($$ SELECT arbiter_drop_consumer('p.vm') $$);
-- a claim is purged with its reservation
UPDATE arbiter_reservation SET created_at = '2001-01-01' WHERE reservation_id = :reservation;
UPDATE arbiter_claim SET created_at = '2001-01-01';
SELECT arbiter_purge('2001-01-02');
SELECT arbiter_cancel(:reservation);
SELECT arbiter_purge('2001-01-02');
SELECT count(*) FROM arbiter_claim;
SELECT arbiter_drop_consumer('p.vm');

-- Dropped
SELECT arbiter_reserve('p1.p.cpu', '2030-03-01', '2030-04-01', 150) > 0 AS granted;
SELECT outcome($$ SELECT arbiter_drop_provider('nobody') $$);
SELECT outcome($$ SELECT arbiter_drop_provider('p1', NULL) $$);
SELECT outcome($$ SELECT arbiter_drop_provider('p1') $$);
SELECT outcome($$ SELECT arbiter_drop_inventory('p1', 'p.cpu') $$);
SELECT outcome($$ SELECT arbiter_drop_inventory('p1', 'p.disk') $$);
SELECT outcome($$ SELECT arbiter_drop_inventory('p1', NULL) $$);
SELECT arbiter_drop_inventory('p1', 'p.memory');
SELECT name, totals FROM inventory ORDER BY name;
SELECT arbiter_drop_provider('p1', force => true);
SELECT arbiter_drop_resource('p2.p.disk');
SELECT arbiter_drop_provider('p2'), arbiter_drop_provider('p3'), arbiter_drop_partition('p.main');
SELECT arbiter_drop_provider_group('p.east'), arbiter_drop_provider_group('p.row0'), arbiter_set_distances('p.failure', '{}');
SELECT count(*) FROM provider;
SELECT count(*) FROM inventory;
SELECT count(*) FROM arbiter_distance WHERE name LIKE 'p.%';
SELECT * FROM arbiter_check();
DELETE FROM arbiter_capability WHERE name LIKE 'p.%';
DELETE FROM arbiter_resource_type WHERE resource_type LIKE 'p.%';
DROP VIEW provider, inventory, capability, member, distance;
