-- No worse: what is oversold may get better, never worse.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('worse') > 0;
SELECT arbiter_set_capacity('worse', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('worse', '2030-01-10', '2030-01-20', 8, 'ann') > 0;
SELECT arbiter_reserve('worse', '2030-01-12', '2030-01-14', 2, 'bob') > 0;
SELECT arbiter_set_capacity('worse', '2030-01-01', '2030-02-01', 5, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');
SELECT * FROM arbiter_check('worse');
SELECT arbiter_available('worse', '2030-01-12', '2030-01-13');

-- reservations: nothing more into the window, something beside it
SELECT outcome($$ SELECT arbiter_reserve('worse', '2030-01-11', '2030-01-12', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('worse', '2030-01-09', '2030-01-12', 1) $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('worse'), '[2030-01-11,2030-01-12)', 1) $$);
SELECT arbiter_reserve('worse', '2030-01-05', '2030-01-10', 5, 'cleo') > 0;
SELECT arbiter_reserve('worse', '2030-01-20', '2030-01-21', 5, 'cleo') > 0;
SELECT granted, reason, limiting_time, available, largest_amount, earliest_start FROM arbiter_try_reserve('worse', '2030-01-11', '2030-01-12', 1);

-- raw changes: less is allowed although it is not enough
UPDATE arbiter_reservation SET amount = 7 WHERE resource_id = id_of('worse') AND user_id = 'ann';
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 8 WHERE resource_id = id_of('worse') AND user_id = 'ann' $$);
-- no change at all
UPDATE arbiter_reservation SET amount = 7, status = 'held' WHERE resource_id = id_of('worse') AND user_id = 'ann';
UPDATE arbiter_reservation SET status = 'confirmed' WHERE resource_id = id_of('worse') AND user_id = 'ann';
-- shorter is better, longer is not
UPDATE arbiter_reservation SET during = '[2030-01-10,2030-01-19)' WHERE resource_id = id_of('worse') AND user_id = 'ann';
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-10,2030-01-19 00:00:01)' WHERE resource_id = id_of('worse') AND user_id = 'ann' $$);
-- one instant better, another worse
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-13,2030-01-15)' WHERE resource_id = id_of('worse') AND user_id = 'bob' $$);
-- out of the window
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-25,2030-01-27)' WHERE resource_id = id_of('worse') AND user_id = 'bob' $$);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');
-- two rows in one statement: the sum counts
SELECT outcome($$ UPDATE arbiter_reservation SET amount = CASE user_id WHEN 'ann' THEN 6 ELSE 1 END, during = '[2030-01-10,2030-01-19)'
	WHERE resource_id = id_of('worse') AND user_id IN ('ann', 'bob') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = amount + 1, during = '[2030-01-10,2030-01-19)' WHERE resource_id = id_of('worse') AND user_id IN ('ann', 'bob') $$);
SELECT * FROM booked('worse');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');

-- capacity: more is allowed although it is not enough, less is not
SELECT arbiter_add_capacity('worse', '2030-01-01', '2030-02-01', 1);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');
SELECT outcome($$ SELECT arbiter_add_capacity('worse', '2030-01-12', '2030-01-13', -1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('worse', '2030-01-12', '2030-01-13', NULL) $$);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 5 WHERE resource_id = id_of('worse') $$);
SELECT outcome($$ DELETE FROM arbiter_capacity WHERE resource_id = id_of('worse') $$);
UPDATE arbiter_capacity SET amount = amount WHERE resource_id = id_of('worse');
-- less where it does no harm
SELECT arbiter_add_capacity('worse', '2030-01-25', '2030-02-01', -1);
SELECT arbiter_set_capacity('worse', '2030-01-29', '2030-02-01', NULL);
-- force again
SELECT arbiter_set_capacity('worse', '2030-01-12', '2030-01-13', 0, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');
SELECT * FROM arbiter_check('worse');
SELECT * FROM arbiter_timeline('worse', '2030-01-01', '2030-02-01');

-- undeclared under a reservation: leaving is allowed, staying longer is not
SELECT arbiter_create_resource('worse.gone') > 0;
SELECT arbiter_set_capacity('worse.gone', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('worse.gone', '2030-01-10', '2030-01-20', 8, 'ann') > 0;
SELECT arbiter_set_capacity('worse.gone', '-infinity', 'infinity', NULL, force => true);
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-10,2030-01-21)' WHERE resource_id = id_of('worse.gone') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET during = '[2030-01-11,2030-01-19)', amount = 7 WHERE resource_id = id_of('worse.gone') $$);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse.gone');
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('worse.gone');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse.gone');
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'confirmed' WHERE resource_id = id_of('worse.gone') $$);
-- every way out of the first one
DELETE FROM arbiter_reservation WHERE resource_id = id_of('worse') AND user_id = 'bob';
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('worse') AND user_id = 'ann';
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('worse');
SELECT * FROM arbiter_check();
