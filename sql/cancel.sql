-- Cancel: the whole range is freed, the row stays.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('cancel') > 0;
SELECT arbiter_set_capacity('cancel', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('cancel', '2030-01-01 10:00', '2030-06-01 10:00', 10, 'ann') AS id \gset
SELECT arbiter_available('cancel', '2030-03-01', '2030-03-02');
SELECT arbiter_cancel(:id);
SELECT arbiter_available('cancel', '2030-01-01', '2031-01-01');
SELECT * FROM booked('cancel');
SELECT resources, start_time, end_time, status, user_id FROM arbiter_booking WHERE reservation_id = :id;
-- twice, or never reserved
SELECT outcome('SELECT arbiter_cancel(' || :id || ')');
SELECT outcome($$ SELECT arbiter_cancel(9223372036854775807) $$);
-- in the same transaction as its reservation, and undone
BEGIN;
SELECT arbiter_cancel(arbiter_reserve('cancel', '2030-01-01', '2031-01-01', 10));
SELECT arbiter_cancel(arbiter_reserve('cancel', '2030-01-01', '2031-01-01', 10));
SELECT arbiter_reserve('cancel', '2030-01-01', '2031-01-01', 10) AS id2 \gset
SAVEPOINT s;
SELECT arbiter_cancel(:id2);
SELECT arbiter_available('cancel', '2030-01-01', '2031-01-01');
ROLLBACK TO s;
SELECT arbiter_available('cancel', '2030-01-01', '2031-01-01');
COMMIT;
SELECT amount, status, count(*) FROM booked('cancel') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT arbiter_cancel(:id2);

-- a held row counts, and can be cancelled; an expired one never counts and cannot
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, expires_at)
VALUES (id_of('cancel'), '[2030-02-01,2030-02-02)', 6, 'hold', 'held', '2199-01-01'),
	(id_of('cancel'), '[2030-02-01,2030-02-02)', 1, 'overdue', 'held', '2001-01-01'),
	(id_of('cancel'), '[2030-02-01,2030-02-02)', 1000, 'gone', 'expired', '2001-01-01'),
	(id_of('cancel'), '[2030-02-01,2030-02-02)', 1000, 'gone', 'cancelled', NULL);
SELECT arbiter_available('cancel', '2030-02-01', '2030-02-02');
-- the effective status
SELECT status, user_id FROM arbiter_booking WHERE user_id IN ('hold', 'overdue', 'gone') ORDER BY user_id, status;
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE user_id = 'hold' AND resource_id = id_of('cancel');
SELECT arbiter_available('cancel', '2030-02-01', '2030-02-02');
SELECT reservation_id AS expired FROM arbiter_reservation
WHERE user_id = 'gone' AND status = 'expired' AND resource_id = id_of('cancel') \gset
SELECT outcome('SELECT arbiter_cancel(' || :expired || ')');
-- whether or not its status says so yet
SELECT outcome(format('SELECT arbiter_cancel(%s)', reservation_id)) FROM arbiter_reservation
WHERE user_id = 'overdue' AND status = 'held' AND resource_id = id_of('cancel');

-- a part at a time by raw SQL, the rest by the function
SELECT arbiter_create_resource('cancel.two') > 0;
SELECT arbiter_set_capacity('cancel.two', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve_all('{"cancel": 3, "cancel.two": 4}', '2030-08-01', '2030-09-01', 'ann') AS id \gset
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id = :id AND resource_id = id_of('cancel');
SELECT arbiter_available('cancel', '2030-08-01', '2030-09-01'), arbiter_available('cancel.two', '2030-08-01', '2030-09-01');
SELECT status FROM arbiter_booking WHERE reservation_id = :id;
SELECT arbiter_cancel(:id);
SELECT arbiter_available('cancel', '2030-08-01', '2030-09-01'), arbiter_available('cancel.two', '2030-08-01', '2030-09-01');
SELECT status FROM arbiter_booking WHERE reservation_id = :id;

-- a raw change of status is a take or a release
UPDATE arbiter_reservation SET status = 'confirmed' WHERE reservation_id = :id;
SELECT arbiter_available('cancel', '2030-08-01', '2030-09-01'), arbiter_available('cancel.two', '2030-08-01', '2030-09-01');
UPDATE arbiter_reservation SET status = 'held' WHERE reservation_id = :id;
SELECT arbiter_available('cancel', '2030-08-01', '2030-09-01'), arbiter_available('cancel.two', '2030-08-01', '2030-09-01');
UPDATE arbiter_reservation SET status = 'expired' WHERE reservation_id = :id;
SELECT arbiter_available('cancel', '2030-08-01', '2030-09-01'), arbiter_available('cancel.two', '2030-08-01', '2030-09-01');
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'confirmed' WHERE user_id = 'gone' AND resource_id = id_of('cancel') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = 'tentative' WHERE user_id = 'gone' AND resource_id = id_of('cancel') $$);
SELECT outcome($$ UPDATE arbiter_reservation SET status = NULL WHERE user_id = 'gone' AND resource_id = id_of('cancel') $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, status) VALUES (id_of('cancel'), '[2030-02-01,2030-02-02)', 1, 'CONFIRMED') $$);
-- everything else on a cancelled row is free
UPDATE arbiter_reservation SET amount = amount * 2, during = '[2035-01-01,2036-01-01)', attributes = '{"note": 1}'
WHERE user_id = 'gone' AND status = 'cancelled' AND resource_id = id_of('cancel');
-- cancelling half of a booking that is oversold is always possible
SELECT arbiter_reserve('cancel', '2030-10-01', '2030-10-02', 5) AS id \gset
SELECT arbiter_set_capacity('cancel', '2030-10-01', '2030-10-02', 2, force => true);
SELECT arbiter_cancel(:id);
SELECT arbiter_available('cancel', '2030-10-01', '2030-10-02');

-- all of a user at once
SELECT count(arbiter_reserve('cancel', '2030-11-01', timestamptz '2030-11-01' + n * interval '1 h', 1, 'bulk')) FROM generate_series(1, 10) n;
SELECT arbiter_available('cancel', '2030-11-01', '2030-11-02');
SELECT count(arbiter_cancel(reservation_id)) FROM arbiter_reservation WHERE user_id = 'bulk';
SELECT count(*) FROM (SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE user_id = 'bulk' AND status = 'confirmed') c;
SELECT arbiter_available('cancel', '2030-11-01', '2030-11-02');
SELECT * FROM arbiter_check();
