-- Granted or not: the two schedules, peaks, half-open ranges.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource() > 0;
SELECT arbiter_create_resource('schedule 2') > 0;
SELECT arbiter_load_schedule('default',
	'{{1707165008,1708374608,64},{1708374608,1710793808,96},{1710793808,1711398608,32},{1711398608,1713213008,128}}');
SELECT arbiter_load_schedule('schedule 2',
	'{{1707165008,1707769808,50},{1707769808,1708979408,80},{1708979408,1709584208,40},{1709584208,1712003408,100},{1712003408,1712608208,20},{1712608208,1714422608,60}}');

-- total capacity in unit-seconds
SELECT sum(available * extract(epoch FROM upper(during) - lower(during)))::bigint
FROM arbiter_timeline('default', to_timestamp(1707165008), to_timestamp(1713213008));
SELECT sum(available * extract(epoch FROM upper(during) - lower(during)))::bigint
FROM arbiter_timeline('schedule 2', to_timestamp(1707165008), to_timestamp(1714422608));
SELECT sum(capacity * extract(epoch FROM upper(during) - lower(during)))::bigint
FROM arbiter_timeline('default') WHERE capacity > 0;
SELECT sum(capacity * extract(epoch FROM upper(during) - lower(during)))::bigint
FROM arbiter_timeline('schedule 2') WHERE capacity > 0;

-- the largest amount over the whole span
SELECT arbiter_available('default', 1707165008, 1713213008);
SELECT arbiter_available('schedule 2', 1707165008, 1714422608);
SELECT granted, reason, largest_amount FROM arbiter_try_reserve(1707165008, 1713213008, 33);
SELECT granted, reason, largest_amount
FROM arbiter_try_reserve(1707165008, 1714422608, 21, resource => 'schedule 2');
BEGIN;
SELECT arbiter_reserve(1707165008, 1713213008, 32) > 0;
SELECT arbiter_reserve(1707165008, 1714422608, 20, resource => 'schedule 2') > 0;
SELECT arbiter_available('default', 1707165008, 1713213008);
SELECT arbiter_available('schedule 2', 1707165008, 1714422608);
ROLLBACK;

-- end before start
SELECT arbiter_reserve(1708374608, 1707165008, 65);
\echo :SQLSTATE
-- 42 seconds early, 42 seconds late
SELECT arbiter_reserve(1707164966, 1708374608, 64);
\echo :SQLSTATE
SELECT arbiter_reserve(1711398608, 1713213050, 64);
\echo :SQLSTATE
-- exactly what there is, and the same again
BEGIN;
SELECT arbiter_reserve(1707165008, 1708374608, 64) > 0;
SELECT * FROM arbiter_timeline('default');
SELECT arbiter_reserve(1707165008, 1708374608, 64);
\echo :SQLSTATE
ROLLBACK;
-- one more than there is
SELECT arbiter_reserve(1707165008, 1708374608, 65);
\echo :SQLSTATE
-- across 96 and 32
BEGIN;
SELECT arbiter_reserve(1708374650, 1711398566, 32) > 0;
SELECT * FROM arbiter_timeline('default');
ROLLBACK;
SELECT arbiter_reserve(1708374650, 1711398566, 33);
\echo :SQLSTATE
-- more than there ever is
SELECT arbiter_reserve(1707165008, 1708374608, 129);
\echo :SQLSTATE
SELECT arbiter_reserve(1707165008, 1713213008, 9223372036854775807);
\echo :SQLSTATE
-- wholly before, wholly after, longer than the schedule
SELECT arbiter_reserve(1607165008, 1607165009, 1);
\echo :SQLSTATE
SELECT arbiter_reserve(1713213008, 1713213009, 1);
\echo :SQLSTATE
SELECT arbiter_reserve(1707165007, 1713213009, 1);
\echo :SQLSTATE
-- nothing stayed
SELECT count(*) FROM arbiter_reservation WHERE resource_id IN (id_of('default'), id_of('schedule 2'));
SELECT count(*) FROM arbiter_timeline('default') WHERE reserved <> 0;

-- what a hint proposes works, and a second less does not
BEGIN;
SELECT earliest_start, largest_amount FROM arbiter_try_reserve(1707165008, 1708374608, 65);
SELECT arbiter_reserve('default', '2024-02-19 20:30:08+00', '2024-03-04 20:30:08+00', 65) > 0;
ROLLBACK;
SELECT outcome($$ SELECT arbiter_reserve('default', '2024-02-19 20:30:07+00', '2024-03-04 20:30:07+00', 65) $$);
BEGIN;
SELECT arbiter_reserve(1707165008, 1708374608, 64) > 0;
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 1) $$);
ROLLBACK;
-- nothing later fits either
SELECT outcome($$ SELECT arbiter_reserve(1711398609, 1713213008, 129) $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1713213008, 33) $$);

-- what the row holds
BEGIN;
SELECT arbiter_reserve(1707165008, 1708374608, 8, '4242') AS id \gset
SELECT v.part, v.resource_id = id_of('default'), v.during, v.amount, v.user_id, v.status,
	v.created_at BETWEEN now() AND clock_timestamp(), v.expires_at, v.request_key,
	v.request_fingerprint, v.attributes
FROM arbiter_reservation v WHERE reservation_id = :id;
SELECT resources, start_time, end_time, status, user_id FROM arbiter_booking
WHERE reservation_id = :id;
SELECT arbiter_reserve(1707165008, 1708374608, 8) AS id \gset
SELECT user_id = current_user FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;

--
-- peak, not sum
--
SELECT arbiter_create_resource('reserve.peak') > 0;
SELECT arbiter_set_capacity('reserve.peak', '2030-01-01', '2030-01-02', 10);
SELECT arbiter_reserve('reserve.peak', '2030-01-01 10:00', '2030-01-01 11:00', 6) > 0;
SELECT arbiter_reserve('reserve.peak', '2030-01-01 11:00', '2030-01-01 12:00', 6) > 0;
SELECT arbiter_available('reserve.peak', '2030-01-01 10:00', '2030-01-01 12:00');
SELECT arbiter_reserve('reserve.peak', '2030-01-01 10:30', '2030-01-01 11:30', 4) > 0;
SELECT outcome($$ SELECT arbiter_reserve('reserve.peak', '2030-01-01 09:00', '2030-01-01 12:00', 1) $$);
-- either side of it is free
SELECT arbiter_reserve('reserve.peak', '2030-01-01 09:00', '2030-01-01 10:30', 4) > 0;
SELECT arbiter_reserve('reserve.peak', '2030-01-01 11:30', '2030-01-02 00:00', 4) > 0;
SELECT * FROM arbiter_timeline('reserve.peak', '2030-01-01', '2030-01-02');
SELECT * FROM timeline_differences('reserve.peak', '2029-12-31', '2030-01-03');

-- half-open: the end of one is the start of the next, down to a microsecond
SELECT arbiter_create_resource('reserve.instant') > 0;
SELECT arbiter_set_capacity('reserve.instant', '2030-01-01', '2030-01-02', 1);
SELECT arbiter_reserve('reserve.instant', '2030-01-01 10:00', '2030-01-01 10:00:00.000001', 1) > 0;
SELECT arbiter_reserve('reserve.instant', '2030-01-01 10:00:00.000001', '2030-01-01 10:00:00.000002', 1) > 0;
SELECT arbiter_reserve('reserve.instant', '2030-01-01', '2030-01-01 10:00', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('reserve.instant', '2030-01-01 10:00:00.000001', '2030-01-01 10:00:00.000003', 1) $$);
SELECT * FROM arbiter_timeline('reserve.instant', '2030-01-01', '2030-01-02');

-- without an end only where the schedule has none
SELECT arbiter_create_resource('reserve.endless') > 0;
SELECT arbiter_set_capacity('reserve.endless', '2030-01-01', 'infinity', 3);
SELECT arbiter_reserve('reserve.endless', '2031-01-01', 'infinity', 2) > 0;
SELECT arbiter_available('reserve.endless', '2030-01-01', 'infinity');
SELECT outcome($$ SELECT arbiter_reserve('reserve.endless', '2099-01-01', '2100-01-01', 2) $$);
SELECT outcome($$ SELECT arbiter_reserve('reserve.endless', '2030-12-01', 'infinity', 2) $$);
SELECT outcome($$ SELECT arbiter_reserve('reserve.endless', '2029-12-01', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('reserve.peak', '2030-01-01 12:00', 'infinity', 1) $$);
SELECT * FROM booked('reserve.endless');
SELECT * FROM arbiter_timeline('reserve.endless');
-- far from now, and across many chunk-sized stretches
SELECT arbiter_reserve('reserve.endless', '2030-06-01', '9999-12-31', 1) > 0;
SELECT arbiter_reserve('reserve.endless', '294276-12-31 23:00', '294276-12-31 23:59:59.999999', 1) > 0;
SELECT arbiter_available('reserve.endless', '9999-01-01', '10000-01-01');
SELECT arbiter_available('reserve.endless', '10000-01-01', '10001-01-01');
SELECT arbiter_set_capacity('reserve.endless', '4713-01-02 BC', '2000-01-01', 9);
SELECT arbiter_reserve('reserve.endless', '4713-01-02 BC', '0001-01-01', 9) > 0;
SELECT arbiter_reserve('reserve.endless', '1960-01-01', '1970-01-01', 9) > 0;
SELECT * FROM arbiter_timeline('reserve.endless');
SELECT * FROM arbiter_check('reserve.endless');

-- a schedule with a gap: the limits are those of the stretch that is meant
SELECT arbiter_create_resource('reserve.gap') > 0;
SELECT arbiter_set_capacity('reserve.gap', '2030-01-01 08:00', '2030-01-01 12:00', 5);
SELECT arbiter_set_capacity('reserve.gap', '2030-01-01 13:00', '2030-01-01 17:00', 5);
SELECT outcome($$ SELECT arbiter_reserve('reserve.gap', '2030-01-01 11:00', '2030-01-01 14:00', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('reserve.gap', '2030-01-01 12:15', '2030-01-01 12:45', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('reserve.gap', '2030-01-01 11:00', '2030-01-01 16:00', 1) $$);
SELECT arbiter_available('reserve.gap', '2030-01-01 11:00', '2030-01-01 14:00');
-- outside comes before too much
SELECT outcome($$ SELECT arbiter_reserve('reserve.gap', '2030-01-01 11:00', '2030-01-01 14:00', 6) $$);
-- no schedule at all
SELECT arbiter_create_resource('reserve.bare') > 0;
SELECT outcome($$ SELECT arbiter_reserve('reserve.bare', '2030-01-01 11:00', '2030-01-01 14:00', 1) $$);
SELECT * FROM arbiter_timeline('reserve.bare');

SELECT * FROM arbiter_check();
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() WHERE resource_name LIKE 'reserve%';
SELECT arbiter_drop_resource('default');
SELECT arbiter_drop_resource('schedule 2');
