-- Queries with several data-modifying parts, raw and by function: never oversold.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('mixed') > 0;
SELECT arbiter_set_capacity('mixed', '2030-01-01', '2030-02-01', 10);

-- two raw parts that fit, and two that do not
SELECT outcome($$ WITH a AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('mixed'), '[2030-01-01,2030-01-02)', 5) RETURNING 1)
	INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('mixed'), '[2030-01-01,2030-01-02)', 5 FROM a $$);
SELECT outcome($$ WITH a AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('mixed'), '[2030-01-02,2030-01-03)', 6) RETURNING 1)
	INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('mixed'), '[2030-01-02,2030-01-03)', 6 FROM a $$);
SELECT * FROM arbiter_timeline('mixed', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('mixed');

-- a raw INSERT and a function call: either order, both fit or neither is oversold
SELECT outcome($$ WITH a AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('mixed'), '[2030-01-03,2030-01-04)', 5) RETURNING 1)
	SELECT arbiter_reserve('mixed', '2030-01-03', '2030-01-04', 5) FROM a $$);
SELECT outcome($$ WITH a AS (INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('mixed'), '[2030-01-04,2030-01-05)', 6) RETURNING 1)
	SELECT arbiter_reserve('mixed', '2030-01-04', '2030-01-05', 6) FROM a $$);
SELECT outcome($$ WITH a AS MATERIALIZED (SELECT arbiter_reserve('mixed', '2030-01-05', '2030-01-06', 6) AS id)
	INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT id_of('mixed'), '[2030-01-05,2030-01-06)', 6 FROM a $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount)
	SELECT id_of('mixed'), '[2030-01-06,2030-01-07)', 4 + 0 * arbiter_reserve('mixed', '2030-01-06', '2030-01-07', 6) $$);
SELECT * FROM arbiter_timeline('mixed', '2030-01-01', '2030-02-01');
SELECT * FROM arbiter_check('mixed');

-- a release and a take in one query
SELECT outcome($$ WITH d AS (DELETE FROM arbiter_reservation WHERE resource_id = id_of('mixed') AND during && '[2030-01-01,2030-01-02)' RETURNING amount)
	SELECT arbiter_reserve('mixed', '2030-01-01', '2030-01-02', sum(amount)::bigint) FROM d $$);
SELECT * FROM arbiter_check('mixed');
SELECT * FROM arbiter_timeline('mixed', '2030-01-01', '2030-02-01');
SELECT outcome($$ SELECT arbiter_reserve('mixed', '2030-01-01', '2030-01-02', 10 - sum(amount)::bigint) FROM arbiter_reservation
	WHERE resource_id = id_of('mixed') AND during && '[2030-01-01,2030-01-02)' HAVING sum(amount) < 10 $$);
-- cancel by function and by UPDATE of the same rows in one query: refused, or counted once
SELECT arbiter_reserve('mixed', '2030-01-10', '2030-01-11', 10, 'both') > 0;
SELECT split_part(o, ':', 1) IN ('done, rows', '27000') FROM outcome($$ WITH u AS (UPDATE arbiter_reservation SET amount = 4 WHERE resource_id = id_of('mixed') AND user_id = 'both' RETURNING reservation_id)
	SELECT arbiter_cancel(reservation_id) FROM u $$) o LIMIT 1;
SELECT * FROM arbiter_check('mixed');
SELECT split_part(o, ':', 1) IN ('done, rows', '27000') FROM outcome($$ UPDATE arbiter_reservation v SET amount = 4 FROM (
	SELECT reservation_id, arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('mixed') AND user_id = 'both' AND status = 'confirmed' OFFSET 0) c
	WHERE v.reservation_id = c.reservation_id $$) o LIMIT 1;
SELECT * FROM arbiter_check('mixed');
SELECT split_part(o, ':', 1) IN ('done, rows', '27000') FROM outcome($$ DELETE FROM arbiter_reservation v USING (
	SELECT reservation_id, arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('mixed') AND during && '[2030-01-06,2030-01-07)' OFFSET 0) c
	WHERE v.reservation_id = c.reservation_id $$) o LIMIT 1;
SELECT * FROM arbiter_check('mixed');
SELECT * FROM timeline_differences('mixed', '2029-12-01', '2030-03-01');

-- capacity changed in the same query
SELECT arbiter_create_resource('mixed.capacity') > 0;
SELECT arbiter_set_capacity('mixed.capacity', '2030-01-01', '2030-02-01', 10);
SELECT outcome($$ WITH c AS (UPDATE arbiter_capacity SET amount = 3 WHERE resource_id = id_of('mixed.capacity') RETURNING 1)
	SELECT arbiter_reserve('mixed.capacity', '2030-01-03', '2030-01-04', 5) FROM c $$);
SELECT * FROM arbiter_check('mixed.capacity');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('mixed.capacity');
SELECT * FROM arbiter_timeline('mixed.capacity', '2030-01-01', '2030-02-01');
SELECT outcome($$ WITH c AS (DELETE FROM arbiter_capacity WHERE resource_id = id_of('mixed.capacity') RETURNING 1)
	SELECT arbiter_reserve('mixed.capacity', '2030-01-03', '2030-01-04', 5) FROM c $$);
SELECT * FROM arbiter_check('mixed.capacity');
SELECT outcome($$ WITH c AS (UPDATE arbiter_capacity SET amount = 8 WHERE resource_id = id_of('mixed.capacity') RETURNING 1)
	SELECT arbiter_reserve('mixed.capacity', '2030-01-03', '2030-01-04', 5) FROM c $$);
SELECT * FROM arbiter_check('mixed.capacity');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('mixed.capacity');
SELECT outcome($$ WITH c AS (UPDATE arbiter_capacity SET amount = 12 WHERE resource_id = id_of('mixed.capacity') RETURNING resource_id)
	INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '[2030-01-05,2030-01-06)', 9 FROM c $$);
SELECT * FROM arbiter_check('mixed.capacity');
SELECT split_part(o, ':', 1) IN ('RV002', '55000') FROM outcome($$ WITH c AS (INSERT INTO arbiter_capacity VALUES (id_of('mixed.capacity'), '[2030-02-01,2030-03-01)', 4) RETURNING 1)
	SELECT arbiter_reserve('mixed.capacity', '2030-02-03', '2030-02-04', 4) FROM c $$) o LIMIT 1;
SELECT outcome($$ SELECT arbiter_set_capacity('mixed.capacity', '2030-03-01', '2030-04-01', n), arbiter_reserve('mixed.capacity', '2030-03-01', '2030-03-02', 1)
	FROM generate_series(1, 3) n $$);
SELECT outcome($$ SELECT arbiter_set_capacity('mixed.capacity', '2030-03-01', '2030-04-01', n), arbiter_reserve('mixed.capacity', '2030-03-01', '2030-03-02', 1)
	FROM generate_series(3, 5) n $$);
SELECT outcome($$ WITH c AS (INSERT INTO arbiter_capacity SELECT id_of('mixed.capacity'), '[2030-05-01,2030-06-01)', 4 RETURNING 1)
	SELECT arbiter_set_capacity('mixed.capacity', '2030-05-01', '2030-06-01', 7) FROM c $$);
SELECT * FROM arbiter_check('mixed.capacity');
SELECT * FROM arbiter_timeline('mixed.capacity', '2030-01-01', '2030-06-01');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('mixed.capacity');

-- a resource made, declared, booked and dropped in one transaction, and in one query
BEGIN;
SELECT arbiter_create_resource('mixed.short') > 0;
SELECT arbiter_set_capacity('mixed.short', '2030-01-01', '2030-02-01', 1);
SELECT arbiter_reserve('mixed.short', '2030-01-01', '2030-02-01', 1) > 0;
SELECT arbiter_drop_resource('mixed.short', true);
SELECT outcome($$ SELECT arbiter_reserve('mixed.short', '2030-01-01', '2030-02-01', 1) $$);
COMMIT;
SELECT outcome($$ SELECT arbiter_create_resource('mixed.short' || n), arbiter_set_capacity('mixed.short' || n, '2030-01-01', '2030-02-01', 1),
	arbiter_reserve('mixed.short' || n, '2030-01-01', '2030-02-01', 1), arbiter_drop_resource('mixed.short' || n, true) FROM generate_series(1, 3) n $$);
SELECT outcome($$ WITH r AS (INSERT INTO arbiter_resource (name) VALUES ('mixed.raw') RETURNING resource_id),
	c AS (INSERT INTO arbiter_capacity SELECT resource_id, '[2030-01-01,2030-02-01)', 1 FROM r RETURNING resource_id)
	INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '[2030-01-01,2030-02-01)', 1 FROM c $$);
SELECT * FROM arbiter_check();
