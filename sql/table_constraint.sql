-- The table is the constraint: every writer is held to capacity.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('table') > 0;
SELECT arbiter_set_capacity('table', '2030-01-01', '2030-02-01', 10);
SELECT id_of('table') AS rid \gset

--
-- INSERT
--
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (:rid, '[2030-01-01 10:00,2030-01-01 12:00)', 6);
SELECT amount, user_id = current_user, status, part FROM arbiter_reservation WHERE resource_id = :rid;
SELECT arbiter_available('table', '2030-01-01 10:00', '2030-01-01 12:00');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-01 11:00,2030-01-01 13:00)', 5) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-31,2030-02-02)', 1) $$);
-- what a range may look like: it is stored half-open
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES
	(:rid, '[2030-01-02 10:00,2030-01-02 12:00]', 1),
	(:rid, '(2030-01-02 13:00,2030-01-02 14:00)', 1),
	(:rid, '(2030-01-02 15:00,2030-01-02 16:00]', 1),
	(:rid, '[2030-01-02 17:00,2030-01-02 17:00]', 1);
SELECT during FROM arbiter_reservation WHERE resource_id = :rid AND during && '[2030-01-02,2030-01-03)' ORDER BY during;
SELECT * FROM arbiter_timeline('table', '2030-01-02', '2030-01-03');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,infinity]', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '(,2030-01-03)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[-infinity,2030-01-03)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[infinity,infinity]', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '(,)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), 'empty', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,2030-01-03)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '(2030-01-03 00:00,2030-01-03 00:00:00.000001)', 1) $$);
-- the type's own refusal
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-04,2030-01-03)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,2030-01-04)', 0) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,2030-01-04)', -1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), '[2030-01-03,2030-01-04)', NULL) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('table'), NULL, 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (NULL, '[2030-01-03,2030-01-04)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (2000000000, '[2030-01-03,2030-01-04)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, status) VALUES (id_of('table'), '[2030-01-03,2030-01-04)', 1, 'maybe') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (id_of('table'), '[2030-01-03,2030-01-04)', 1, NULL) $$);
-- amounts whose sum no bigint holds
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('table'), '[2030-01-03,2030-01-04)', 9223372036854775807 FROM generate_series(1, 3) $$);
-- rows that are history take nothing
INSERT INTO arbiter_reservation (resource_id, during, amount, status) VALUES (:rid, '[2001-01-03,2001-01-04)', 99, 'cancelled'), (:rid, '[2001-01-03,)', 99, 'expired');
DELETE FROM arbiter_reservation WHERE resource_id = :rid;
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');

-- many rows in one statement: all or nothing, judged by their sum
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('table'), '[2030-01-03,2030-01-04)', 3 FROM generate_series(1, 4) $$);
SELECT count(*) FROM arbiter_reservation WHERE resource_id = :rid;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('table'), '[2030-01-03,2030-01-04)', 3 FROM generate_series(1, 3) $$);
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
-- no row at all
INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT :rid, '[2030-01-03,2030-01-04)', 99 WHERE false;

--
-- UPDATE
--
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 4 WHERE resource_id = id_of('table') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 2 WHERE resource_id = id_of('table') $$);
SELECT arbiter_available('table', '2030-01-03', '2030-01-04');
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 0 WHERE resource_id = id_of('table') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = 'empty' WHERE resource_id = id_of('table') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-31 12:00,2030-02-01 12:00)' WHERE resource_id = id_of('table') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET resource_id = 2000000000 WHERE resource_id = id_of('table') $$);
-- nothing of interest changes
UPDATE arbiter_reservation SET attributes = '{"seen": true}' WHERE resource_id = :rid;
DELETE FROM arbiter_reservation WHERE resource_id = :rid;
-- a row may use what it itself occupied
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (:rid, '[2030-01-01 10:00,2030-01-01 12:00)', 10, 'ann');
UPDATE arbiter_reservation SET during = '[2030-01-01 11:00,2030-01-01 13:00)' WHERE resource_id = :rid;
UPDATE arbiter_reservation SET during = '[2030-01-01 10:30,2030-01-01 13:30)' WHERE resource_id = :rid;
UPDATE arbiter_reservation SET during = '[2030-01-01 11:30,2030-01-01 12:30)' WHERE resource_id = :rid;
UPDATE arbiter_reservation SET during = '[2030-01-01 00:00,2030-02-01 00:00)' WHERE resource_id = :rid;
UPDATE arbiter_reservation SET during = '[2030-01-01 10:00,2030-01-01 12:00)' WHERE resource_id = :rid;
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
-- but not what another one does
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (:rid, '[2030-01-01 12:00,2030-01-01 13:00)', 10, 'bob');
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-01 11:00,2030-01-01 13:00)' WHERE resource_id = id_of('table') AND user_id = 'ann' $$);
-- two rows of a full resource change places in one statement
UPDATE arbiter_reservation SET during = CASE user_id WHEN 'ann' THEN tstzrange('2030-01-01 12:00', '2030-01-01 13:00')
	ELSE tstzrange('2030-01-01 10:00', '2030-01-01 12:00') END
WHERE resource_id = :rid;
SELECT * FROM booked('table');
-- the whole day moves by an hour
UPDATE arbiter_reservation SET during = tstzrange(lower(during) + interval '1 h', upper(during) + interval '1 h') WHERE resource_id = :rid;
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
-- to another resource, and two resources change places
SELECT arbiter_create_resource('table.two') > 0;
SELECT arbiter_set_capacity('table.two', '2030-01-01', '2030-02-01', 10);
UPDATE arbiter_reservation SET resource_id = id_of('table.two') WHERE resource_id = :rid AND user_id = 'ann';
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (:rid, '[2030-01-01 13:00,2030-01-01 14:00)', 10, 'cleo');
UPDATE arbiter_reservation SET resource_id = CASE resource_id WHEN :rid THEN id_of('table.two') ELSE :rid END
WHERE resource_id IN (:rid, id_of('table.two')) AND user_id IN ('ann', 'cleo');
SELECT outcome($$ UPDATE arbiter_reservation SET resource_id = id_of('table') WHERE resource_id = id_of('table.two') $$);
SELECT * FROM booked('table');
SELECT * FROM booked('table.two');
-- the key of a row may change as well
UPDATE arbiter_reservation SET part = part + 1 WHERE resource_id = :rid;
SELECT * FROM arbiter_check();
-- twice in one statement by way of a join: a row is updated once
UPDATE arbiter_reservation SET amount = 5 FROM generate_series(1, 3) WHERE resource_id = :rid;
SELECT arbiter_available('table', '2030-01-01 11:00', '2030-01-01 14:00');

--
-- DELETE
--
DELETE FROM arbiter_reservation WHERE resource_id = :rid AND user_id = 'bob';
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
WITH d AS (DELETE FROM arbiter_reservation WHERE resource_id IN (:rid, id_of('table.two')) RETURNING user_id)
SELECT user_id FROM d ORDER BY user_id;
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');

--
-- upsert
--
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) VALUES (-1, :rid, '[2030-01-01,2030-01-02)', 4)
ON CONFLICT (reservation_id, part) DO UPDATE SET amount = excluded.amount, during = excluded.during;
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) VALUES (-1, :rid, '[2030-01-01,2030-01-02)', 10)
ON CONFLICT (reservation_id, part) DO UPDATE SET amount = excluded.amount, during = excluded.during;
SELECT outcome($$ INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) VALUES (-1, id_of('table'), '[2030-01-01,2030-01-02)', 11)
ON CONFLICT (reservation_id, part) DO UPDATE SET amount = excluded.amount, during = excluded.during $$);
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) VALUES (-1, :rid, '[2030-01-01,2030-01-02)', 11)
ON CONFLICT DO NOTHING;
-- one row new, one row moved: judged together
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) VALUES
	(-2, :rid, '[2030-01-01,2030-01-02)', 10), (-1, :rid, '[2030-01-02,2030-01-03)', 10)
ON CONFLICT (reservation_id, part) DO UPDATE SET during = excluded.during;
SELECT * FROM booked('table');
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('table');

--
-- MERGE
--
MERGE INTO arbiter_reservation v
USING (VALUES (-1::bigint, tstzrange('2030-01-02', '2030-01-03'), 7), (-2, NULL, 0), (-3, tstzrange('2030-01-01', '2030-01-02'), 8)) n (id, during, amount)
ON v.reservation_id = n.id
WHEN MATCHED AND n.amount = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = n.amount
WHEN NOT MATCHED THEN INSERT (reservation_id, resource_id, during, amount) VALUES (n.id, id_of('table'), n.during, n.amount);
SELECT * FROM booked('table');
SELECT * FROM arbiter_timeline('table', '2030-01-01', '2030-02-01');
SELECT outcome($$ MERGE INTO arbiter_reservation v
USING (VALUES (-1::bigint, 11), (-3, 1)) n (id, amount) ON v.reservation_id = n.id
WHEN MATCHED THEN UPDATE SET amount = n.amount $$);
SELECT * FROM arbiter_check('table');

--
-- COPY into a resource that is built
--
INSERT INTO arbiter_resource (resource_id, name) VALUES (9001, 'table.copy');
SELECT arbiter_set_capacity('table.copy', '2030-01-01', '2030-02-01', 10);
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9001	[2030-01-01,2030-01-02)	6	ann
9001	[2030-01-02,2030-01-03)	6	bob
9001	[2030-01-01,2030-01-03]	4	cleo
\.
SELECT * FROM booked('table.copy');
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9001	[2030-01-05,2030-01-06)	1	ann
9001	[2030-01-01 12:00,2030-01-01 13:00)	1	bob
\.
\set VERBOSITY sqlstate
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9001	[2030-01-05,2030-01-06)	1	ann
9001	[2030-01-01 12:00,2030-01-01 13:00)	1	bob
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9001	[2030-01-05,2030-01-06)	0	ann
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9001	empty	1	ann
\.
\set VERBOSITY default
SELECT * FROM arbiter_timeline('table.copy', '2030-01-01', '2030-01-10');
SELECT * FROM arbiter_check('table.copy');

--
-- TRUNCATE
--
BEGIN;
TRUNCATE arbiter_reservation;
SELECT arbiter_available('table', '2030-01-01', '2030-02-01'), arbiter_available('table.copy', '2030-01-01', '2030-02-01');
SELECT arbiter_reserve('table', '2030-01-01', '2030-02-01', 10) > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9001, '[2030-01-01,2030-02-01)', 10);
SELECT arbiter_available('table', '2030-01-01', '2030-02-01'), arbiter_available('table.copy', '2030-01-01', '2030-02-01');
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (9001, '[2030-01-01,2030-01-01 01:00)', 1) $$);
SELECT * FROM arbiter_check();
ROLLBACK;
SELECT * FROM booked('table.copy');
SELECT arbiter_available('table.copy', '2030-01-01', '2030-01-02');
SELECT * FROM arbiter_check();
-- capacity and resources cannot go from under reservations
SELECT regexp_replace(o, '(DETAIL:  )\d+', '\1<n>') FROM outcome($$ TRUNCATE arbiter_capacity $$) o;
SELECT regexp_replace(o, '(DETAIL:  )\d+', '\1<n>') FROM outcome($$ TRUNCATE arbiter_resource $$) o;
BEGIN;
TRUNCATE arbiter_reservation, arbiter_capacity;
SELECT arbiter_available('table', '2030-01-01', '2030-02-01');
SELECT outcome($$ SELECT arbiter_reserve('table', '2030-01-01', '2030-02-01', 10) $$);
SELECT * FROM arbiter_check();
ROLLBACK;
BEGIN;
TRUNCATE arbiter_reservation, arbiter_capacity, arbiter_resource;
SELECT outcome($$ SELECT arbiter_reserve('table', '2030-01-01', '2030-02-01', 10) $$);
SELECT * FROM arbiter_check();
ROLLBACK;
SELECT * FROM booked('table.copy');
SELECT * FROM arbiter_check();

--
-- arbiter_capacity is guarded the same way
--
SELECT arbiter_create_resource('table.capacity') > 0;
INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[2030-01-01,2030-01-10)', 10), (id_of('table.capacity'), '[2030-01-10,2030-01-20]', 20);
SELECT * FROM declared('table.capacity');
SELECT arbiter_reserve('table.capacity', '2030-01-05', '2030-01-15', 10) > 0;
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 9 WHERE resource_id = id_of('table.capacity') AND amount = 10 $$);
SELECT outcome($$ DELETE FROM arbiter_capacity WHERE resource_id = id_of('table.capacity') AND amount = 10 $$);
SELECT outcome($$ UPDATE arbiter_capacity SET during = '[2030-01-06,2030-01-10)' WHERE resource_id = id_of('table.capacity') AND amount = 10 $$);
SELECT outcome($$ UPDATE arbiter_capacity SET resource_id = id_of('table') WHERE resource_id = id_of('table.capacity') AND amount = 10 $$);
SELECT outcome($$ UPDATE arbiter_capacity SET resource_id = 2000000000 WHERE resource_id = id_of('table.capacity') AND amount = 10 $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (2000000000, '[2030-01-06,2030-01-10)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[2030-01-06,2030-01-10)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[2030-02-06,2030-02-10)', -1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '(,2030-01-01)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[-infinity,2030-01-01)', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), 'empty', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), NULL, 1) $$);
SELECT * FROM declared('table.capacity');
INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[2030-02-01,)', 3);
UPDATE arbiter_capacity SET amount = amount + 1 WHERE resource_id = id_of('table.capacity');
UPDATE arbiter_capacity SET during = '[2030-01-05,2030-01-10)' WHERE resource_id = id_of('table.capacity') AND amount = 11;
SELECT * FROM declared('table.capacity');
-- shifted in one statement, with the constraint deferred
BEGIN;
SET CONSTRAINTS arbiter_capacity_excl DEFERRED;
UPDATE arbiter_capacity SET amount = CASE amount WHEN 11 THEN 21 ELSE 11 END WHERE resource_id = id_of('table.capacity') AND amount IN (11, 21);
UPDATE arbiter_capacity SET during = CASE amount WHEN 21 THEN tstzrange('2030-01-04', '2030-01-12') ELSE tstzrange('2030-01-12', '2030-01-18') END
WHERE resource_id = id_of('table.capacity') AND amount IN (11, 21);
COMMIT;
SELECT * FROM arbiter_timeline('table.capacity');
SELECT * FROM arbiter_check('table.capacity');
-- overlapping until the end of the transaction, in the order that makes no difference
BEGIN;
SET CONSTRAINTS arbiter_capacity_excl DEFERRED;
INSERT INTO arbiter_capacity VALUES (id_of('table.capacity'), '[2030-01-12,2030-01-19)', 50);
DELETE FROM arbiter_capacity WHERE resource_id = id_of('table.capacity') AND amount = 11;
COMMIT;
SELECT * FROM arbiter_timeline('table.capacity');
SELECT * FROM arbiter_check('table.capacity');
-- COPY
INSERT INTO arbiter_resource (resource_id, name) VALUES (9002, 'table.capacity.copy');
COPY arbiter_capacity FROM stdin;
9002	[2030-01-01,2030-01-02)	6
9002	[2030-01-02,2030-01-03)	7
\.
SELECT arbiter_available('table.capacity.copy', '2030-01-01', '2030-01-03');
SELECT arbiter_reserve('table.capacity.copy', '2030-01-01', '2030-01-03', 6) > 0;
COPY arbiter_capacity FROM stdin;
9002	[2030-01-03,2030-01-04)	8
9002	[2030-01-04,2030-01-05)	-1
\.
COPY arbiter_capacity FROM stdin;
9002	[2030-01-03,2030-01-04)	8
\.
SELECT * FROM arbiter_timeline('table.capacity.copy', '2030-01-01', '2030-01-05');
SELECT * FROM arbiter_check();
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() WHERE resource_name LIKE 'table%';
-- others have no such reservations
DELETE FROM arbiter_reservation WHERE reservation_id BETWEEN -3 AND -1;
