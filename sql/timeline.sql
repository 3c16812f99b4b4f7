-- arbiter_timeline, arbiter_available, arbiter_conflicts and the two time conversions.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('steps') > 0;
-- nothing declared
SELECT * FROM arbiter_timeline('steps');
SELECT * FROM arbiter_timeline('steps', '2030-01-01', '2030-01-02');
SELECT arbiter_set_capacity('steps', '2030-01-02', '2030-01-04', 5);
SELECT arbiter_set_capacity('steps', '2030-01-04', '2030-01-05', 7);
SELECT arbiter_set_capacity('steps', '2030-01-06', '2030-01-07', 0);
SELECT arbiter_set_capacity('steps', '2030-01-08', 'infinity', 3);
-- the whole, and gaps as capacity 0
SELECT * FROM arbiter_timeline('steps');
SELECT * FROM arbiter_timeline('steps', '2030-01-01', '2030-01-10');
-- reservations that make a step of the schedule level, and that end where another starts
SELECT arbiter_reserve('steps', '2030-01-02', '2030-01-03', 2) > 0;
SELECT arbiter_reserve('steps', '2030-01-03', '2030-01-05', 2) > 0;
SELECT arbiter_reserve('steps', '2030-01-04', '2030-01-05', 2) > 0;
SELECT arbiter_reserve('steps', '2030-03-01', 'infinity', 1) > 0;
SELECT * FROM arbiter_timeline('steps');
-- cut to what was asked
SELECT * FROM arbiter_timeline('steps', '2030-01-02 12:00', '2030-01-04 12:00');
SELECT * FROM arbiter_timeline('steps', '2030-01-03 12:00', '2030-01-03 12:00:00.000001');
SELECT * FROM arbiter_timeline('steps', '2030-01-05', '2030-01-08');
SELECT * FROM arbiter_timeline('steps', '2001-01-01', '2001-01-02');
SELECT * FROM arbiter_timeline('steps', '2040-01-01', 'infinity');
SELECT * FROM arbiter_timeline('steps', '-infinity', '2030-01-02');
SELECT * FROM arbiter_timeline(resource => 'steps', end_time => '2030-01-03');
SELECT * FROM timeline_differences('steps', '2029-12-01', '2031-01-01');
SELECT lower_inf(during), upper_inf(during), lower(during), upper(during) FROM arbiter_timeline('steps');
-- readable as a function in a select list, and joined
SELECT (arbiter_timeline('steps', '2030-01-02', '2030-01-05')).available;
SELECT r.name, t.available FROM arbiter_resource r CROSS JOIN LATERAL arbiter_timeline(r.name, '2030-01-02', '2030-01-03') t WHERE r.name = 'steps';
-- stopped early
SELECT available FROM arbiter_timeline('steps') LIMIT 2;

-- arbiter_available: the minimum, 0 where any part is outside or oversold
SELECT arbiter_available('steps', '2030-01-02', '2030-01-05');
SELECT arbiter_available('steps', '2030-01-04', '2030-01-05');
SELECT arbiter_available('steps', '2030-01-04 23:59:59.999999', '2030-01-05');
SELECT arbiter_available('steps', '2030-01-04', '2030-01-05 00:00:00.000001');
SELECT arbiter_available('steps', '2030-01-01 23:59:59.999999', '2030-01-02 12:00');
SELECT arbiter_available('steps', '2030-01-08', 'infinity'), arbiter_available('steps', '2030-01-08', '2030-03-01');
SELECT arbiter_available('steps', '2001-01-01', '2001-01-02');
SELECT arbiter_available('steps', '2030-01-06', '2030-01-07');
SELECT arbiter_available('steps', '-infinity', 'infinity');
SELECT arbiter_set_capacity('steps', '2030-01-03', '2030-01-04', 1, force => true);
SELECT arbiter_available('steps', '2030-01-02', '2030-01-05'), arbiter_available('steps', '2030-01-03', '2030-01-03 01:00');
SELECT * FROM arbiter_timeline('steps', '2030-01-02', '2030-01-05');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('steps');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts(resource => 'steps');
SELECT resource_name FROM arbiter_conflicts() WHERE resource_name = 'steps';
SELECT outcome($$ SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('no such resource') $$);
SELECT arbiter_set_capacity('steps', '2030-01-03', '2030-01-04', 5);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('steps');

-- far apart: one step is one step, however many chunk-sized stretches it spans
SELECT arbiter_create_resource('steps.far') > 0;
SELECT arbiter_set_capacity('steps.far', '1900-01-01', '2100-01-01', 4);
SELECT arbiter_reserve('steps.far', '1901-01-01', '2099-01-01', 1) > 0;
SELECT arbiter_reserve('steps.far', '2000-01-01', '2000-01-31', 1) > 0;
SELECT arbiter_reserve('steps.far', '2000-01-31', '2000-03-01', 1) > 0;
SELECT * FROM arbiter_timeline('steps.far');
SELECT * FROM timeline_differences('steps.far', '1899-01-01', '2101-01-01');
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('steps.far');
SELECT * FROM arbiter_timeline('steps.far');
SELECT * FROM arbiter_check('steps.far');

-- conversions used by arbiter_check()
SELECT arbiter_microseconds('2000-01-01'), arbiter_microseconds('2000-01-01 00:00:00.000001'), arbiter_microseconds('1999-12-31 23:59:59.999999'),
	arbiter_microseconds('infinity'), arbiter_microseconds('-infinity'), arbiter_microseconds(NULL);
SELECT t, arbiter_instant(arbiter_microseconds(t)) = t
FROM unnest('{-infinity,"4714-11-24 00:00:00+00 BC","1960-02-29 12:34:56.789012","2000-01-01","2024-02-05 20:30:08","9999-12-31 23:59:59.999999","294276-12-31 23:59:59.999999",infinity}'::timestamptz[]) t;
SET timezone TO 'America/New_York';
SELECT arbiter_instant(arbiter_microseconds(t)) = t FROM unnest('{"2024-03-10 07:00:00+00","2024-11-03 06:00:00+00","2024-11-03 05:59:59.999999+00"}'::timestamptz[]) t;
-- a daylight-saving day has 23 hours
SELECT arbiter_create_resource('steps.zone') > 0;
SELECT arbiter_set_capacity('steps.zone', '2024-03-10', '2024-03-11', 4);
SELECT during, upper(during) - lower(during) FROM arbiter_timeline('steps.zone') WHERE capacity > 0;
