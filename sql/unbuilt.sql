-- Unbuilt resources: loaded unchecked by COPY, built at first use.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- as a restore does it: rows of arbiter_resource, then data in any order
INSERT INTO arbiter_resource (resource_id, name) VALUES (9101, 'unbuilt'), (9102, 'unbuilt.raw'), (9103, 'unbuilt.read'),
	(9104, 'unbuilt.capacity'), (9105, 'unbuilt.update'), (9106, 'unbuilt.drop'), (9107, 'unbuilt.merge');
COPY arbiter_reservation (resource_id, during, amount, user_id, status) FROM stdin;
9101	[2030-01-01,2030-01-03)	6	ann	confirmed
9101	[2030-01-02,2030-01-04)	6	bob	confirmed
9101	[2030-01-02,2030-01-04]	99	gone	cancelled
9102	[2030-01-01,2030-01-03)	6	ann	confirmed
9103	[2030-01-01,2030-01-03)	6	ann	held
9103	[2030-01-02,2030-01-04)	6	bob	confirmed
9104	[2030-01-01,2030-01-03)	6	ann	confirmed
9105	[2030-01-01,2030-01-03)	6	ann	confirmed
9105	[2030-01-02,2030-01-04)	6	bob	confirmed
9106	[2030-01-01,2030-01-03)	6	ann	confirmed
9107	[2030-01-01,2030-01-03)	6	ann	confirmed
\.
COPY arbiter_capacity FROM stdin;
9101	[2030-01-01,2030-02-01)	10
9102	[2030-01-01,2030-02-01)	10
9103	[2030-01-01,2030-02-01)	10
9104	[2030-01-01,2030-01-02)	10
9105	[2030-01-01,2030-02-01)	10
9106	[2030-01-01,2030-02-01)	10
9107	[2030-01-01,2030-02-01)	10
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id BETWEEN 9101 AND 9107;
-- what the row itself says is checked even so
\set VERBOSITY sqlstate
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9101	[2030-01-01,2030-01-03)	0
\.
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9101	empty	1
\.
COPY arbiter_reservation (resource_id, during, amount, status) FROM stdin;
9101	[2030-01-01,2030-01-03)	1	maybe
\.
\set VERBOSITY default

-- readers compute the same steps and build nothing
SELECT * FROM arbiter_timeline('unbuilt.read', '2030-01-01', '2030-01-05');
SELECT * FROM arbiter_timeline('unbuilt.read');
SELECT arbiter_available('unbuilt.read', '2030-01-01', '2030-01-02'), arbiter_available('unbuilt.read', '2030-01-02', '2030-01-03'),
	arbiter_available('unbuilt.read', '2030-01-04', '2030-02-01'), arbiter_available('unbuilt.read', '2030-01-31', '2030-02-02');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('unbuilt.read');
SELECT resource_name, during, available FROM arbiter_conflicts() WHERE resource_name LIKE 'unbuilt%';
SELECT * FROM arbiter_check('unbuilt.read');
SELECT * FROM timeline_differences('unbuilt.read', '2029-12-01', '2030-03-01');
SELECT count(*) FROM arbiter_timeline WHERE resource_id BETWEEN 9101 AND 9107;

-- the first call builds; what is oversold stays, shows, and is never an error
SELECT outcome($$ SELECT arbiter_reserve('unbuilt', '2030-01-02', '2030-01-03', 1) $$);
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9101;
SELECT arbiter_reserve('unbuilt', '2030-01-03', '2030-01-04', 4) > 0;
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9101;
SELECT * FROM arbiter_timeline('unbuilt', '2030-01-01', '2030-01-05');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('unbuilt');
SELECT * FROM arbiter_check('unbuilt');
-- from now on COPY is checked
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9101	[2030-01-03,2030-01-04)	1
\.

-- the first raw INSERT, UPDATE, DELETE or MERGE builds first
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9102, '[2030-01-02,2030-01-03)', 5) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9102, '[2030-01-02,2030-01-03)', 4) $$);
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9102;
SELECT * FROM arbiter_timeline('unbuilt.raw', '2030-01-01', '2030-01-05');
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 7 WHERE resource_id = 9105 AND user_id = 'ann' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 5 WHERE resource_id = 9105 AND user_id = 'ann' $$);
SELECT * FROM arbiter_timeline('unbuilt.update', '2030-01-01', '2030-01-05');
SELECT outcome($$ MERGE INTO arbiter_reservation v USING (VALUES (9107)) n (id) ON v.resource_id = n.id WHEN MATCHED THEN UPDATE SET amount = 11 $$);
SELECT outcome($$ MERGE INTO arbiter_reservation v USING (VALUES (9107)) n (id) ON v.resource_id = n.id WHEN MATCHED THEN UPDATE SET amount = 9 $$);
SELECT * FROM arbiter_timeline('unbuilt.merge', '2030-01-01', '2030-01-05');
-- a capacity change builds, and is judged
SELECT outcome($$ SELECT arbiter_set_capacity('unbuilt.capacity', '2030-01-01', '2030-01-02', 5) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('unbuilt.capacity', '2030-01-01', '2030-02-01', 10) $$);
SELECT * FROM arbiter_timeline('unbuilt.capacity', '2030-01-01', '2030-01-05');
SELECT outcome($$ SELECT arbiter_drop_resource('unbuilt.drop') $$);
SELECT arbiter_drop_resource('unbuilt.drop', true);
SELECT * FROM arbiter_check();

-- cancelling is a first use too
INSERT INTO arbiter_resource (resource_id, name) VALUES (9108, 'unbuilt.cancel');
COPY arbiter_capacity FROM stdin;
9108	[2030-01-01,2030-02-01)	10
\.
COPY arbiter_reservation (reservation_id, resource_id, during, amount) FROM stdin;
-9108	9108	[2030-01-01,2030-01-03)	6
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9108;
SELECT arbiter_cancel(-9108);
SELECT * FROM arbiter_timeline('unbuilt.cancel', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('unbuilt.cancel');

-- reservations before their resource, as a parallel restore may have it
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9109	[2030-01-01,2030-01-03)	6
\.
COPY arbiter_capacity FROM stdin;
9109	[2030-01-01,2030-02-01)	10
\.
SELECT problem, count(*) FROM arbiter_check() GROUP BY problem ORDER BY problem;
INSERT INTO arbiter_resource (resource_id, name) VALUES (9109, 'unbuilt.first');
SELECT * FROM arbiter_check();
SELECT outcome($$ SELECT arbiter_reserve('unbuilt.first', '2030-01-01', '2030-01-03', 5) $$);
SELECT arbiter_reserve('unbuilt.first', '2030-01-01', '2030-01-03', 4) > 0;

-- COPY and first use in one transaction, and undone
INSERT INTO arbiter_resource (resource_id, name) VALUES (9110, 'unbuilt.one');
BEGIN;
COPY arbiter_capacity FROM stdin;
9110	[2030-01-01,2030-02-01)	10
\.
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9110	[2030-01-01,2030-01-03)	6
\.
SELECT arbiter_reserve('unbuilt.one', '2030-01-01', '2030-01-03', 4) > 0;
SELECT arbiter_available('unbuilt.one', '2030-01-01', '2030-01-03');
SAVEPOINT s;
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9110	[2030-01-01,2030-01-03)	1
\.
ROLLBACK TO s;
SELECT * FROM arbiter_check('unbuilt.one');
ROLLBACK;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9110;
SELECT arbiter_available('unbuilt.one', '2030-01-01', '2030-01-03');
BEGIN;
COPY arbiter_capacity FROM stdin;
9110	[2030-01-01,2030-02-01)	10
\.
SAVEPOINT s;
SELECT arbiter_reserve('unbuilt.one', '2030-01-01', '2030-01-03', 10) > 0;
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9110;
ROLLBACK TO s;
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9110;
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9110	[2030-01-01,2030-01-03)	6
\.
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9110, '[2030-01-01,2030-01-03)', 5) $$);
SELECT arbiter_reserve('unbuilt.one', '2030-01-01', '2030-01-03', 4) > 0;
COMMIT;
SELECT * FROM arbiter_timeline('unbuilt.one', '2030-01-01', '2030-02-01');

-- without any schedule
INSERT INTO arbiter_resource (resource_id, name) VALUES (9111, 'unbuilt.bare');
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9111	[2030-01-01,infinity)	6
\.
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('unbuilt.bare');
SELECT outcome($$ SELECT arbiter_reserve('unbuilt.bare', '2030-01-01', '2030-01-03', 1) $$);
SELECT arbiter_rebuild('unbuilt.bare') > 0;
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('unbuilt.bare');
DELETE FROM arbiter_reservation WHERE resource_id = 9111;
-- amounts whose sum no bigint holds
INSERT INTO arbiter_resource (resource_id, name) VALUES (9112, 'unbuilt.huge');
COPY arbiter_reservation (resource_id, during, amount) FROM stdin;
9112	[2030-01-01,2030-01-02)	9223372036854775807
9112	[2030-01-01,2030-01-02)	9223372036854775807
\.
SELECT outcome($$ SELECT * FROM arbiter_timeline('unbuilt.huge') $$);
SELECT outcome($$ SELECT arbiter_available('unbuilt.huge', '2030-01-01', '2030-01-02') $$);
SELECT outcome($$ SELECT arbiter_set_capacity('unbuilt.huge', '2030-01-01', '2030-01-02', 1) $$);
SELECT arbiter_drop_resource('unbuilt.huge', true);

-- rows applied by replication make a resource unbuilt, never stale
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9102;
SET session_replication_role TO replica;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9102, '[2030-01-01,2030-01-02)', 3);
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9102;
RESET session_replication_role;
SELECT * FROM arbiter_check('unbuilt.raw');
SELECT arbiter_available('unbuilt.raw', '2030-01-01', '2030-01-02');
SELECT arbiter_reserve('unbuilt.raw', '2030-01-01', '2030-01-02', 1) > 0;
SELECT count(*) > 0 FROM arbiter_timeline WHERE resource_id = 9102;
SET session_replication_role TO replica;
UPDATE arbiter_capacity SET amount = 20 WHERE resource_id = 9102;
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9102;
-- the publisher's own timeline is not applied
INSERT INTO arbiter_timeline (resource_id, ends, during, steps, base, minimum, maximum)
VALUES (9102, 'infinity', '[2030-01-01,infinity)', '{0,0}', 0, 0, 0);
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9102;
RESET session_replication_role;
SELECT arbiter_available('unbuilt.raw', '2030-01-01', '2030-01-02');
SELECT arbiter_reserve('unbuilt.raw', '2030-01-01', '2030-01-02', 10) > 0;
SELECT * FROM arbiter_check();

-- arbiter_rebuild: the number of chunks, the same answers
SELECT arbiter_rebuild('unbuilt') = count(*) FROM arbiter_timeline WHERE resource_id = 9101 AND ends > '-infinity';
SELECT * FROM arbiter_timeline('unbuilt', '2030-01-01', '2030-01-05');
SELECT * FROM arbiter_check();
