-- Resources and their schedule.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
SET client_min_messages TO warning;
\pset format unaligned
\pset tuples_only on

--
-- create, alter, drop
--

SELECT pg_typeof(arbiter_create_resource());
SELECT pg_typeof(arbiter_create_resource('schedule.full', unit => 'gpu', min_lead => '30 min',
	granularity => '15 min', attributes => '{"rack": 7}'));
SELECT name, unit, min_lead, granularity, attributes FROM arbiter_resource
WHERE name IN ('default', 'schedule.full') ORDER BY name;
SELECT outcome($$ SELECT arbiter_create_resource() $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.full') $$);
SELECT outcome($$ SELECT arbiter_create_resource(NULL) $$);
SELECT outcome($$ SELECT arbiter_create_resource('') $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.bad', granularity => '0') $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.bad', granularity => '-15 min') $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.bad', granularity => '1 month') $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.bad', granularity => '1 year') $$);
SELECT outcome($$ SELECT arbiter_create_resource('schedule.bad', min_lead => '-1 h') $$);
SELECT count(*) FROM arbiter_resource WHERE name LIKE 'schedule.bad%';

SELECT arbiter_alter_resource('schedule.full', unit => 'seat');
SELECT name, unit, min_lead, granularity, attributes FROM arbiter_resource WHERE name = 'schedule.full';
SELECT arbiter_alter_resource('schedule.full', new_name => 'schedule.two', min_lead => '0',
	granularity => '1 day', attributes => '{}');
SELECT name, unit, min_lead, granularity, attributes FROM arbiter_resource WHERE name LIKE 'schedule.%';
SELECT arbiter_alter_resource('schedule.two', clear => '{min_lead,granularity}');
SELECT name, unit, min_lead, granularity, attributes FROM arbiter_resource WHERE name LIKE 'schedule.%';
SELECT arbiter_alter_resource('schedule.two', clear => '{unit,attributes}');
SELECT name, unit, min_lead, granularity, attributes FROM arbiter_resource WHERE name LIKE 'schedule.%';
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.full', unit => 'x') $$);
SELECT outcome($$ SELECT arbiter_alter_resource(NULL, unit => 'x') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', new_name => 'default') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', new_name => '') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', clear => '{name}') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', unit => 'x', clear => '{unit}') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', granularity => '1 month') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', granularity => '0') $$);
SELECT outcome($$ SELECT arbiter_alter_resource('schedule.two', min_lead => '-1 s') $$);

-- a name may hold anything
SELECT arbiter_create_resource('schedule "Größe" ''7'';--') > 0;
SELECT arbiter_set_capacity('schedule "Größe" ''7'';--', '2030-01-01', '2030-01-02', 1);
SELECT arbiter_reserve('schedule "Größe" ''7'';--', '2030-01-01', '2030-01-02', 1) > 0;
SELECT outcome($$ SELECT arbiter_reserve('schedule "Größe" ''7'';--', '2030-01-01', '2030-01-02', 1) $$);
SELECT arbiter_drop_resource('schedule "Größe" ''7'';--', true);

--
-- set_capacity replaces exactly its range
--

SELECT arbiter_create_resource('schedule') > 0;
SELECT arbiter_resource_id('schedule') = resource_id FROM arbiter_resource WHERE name = 'schedule';
SELECT outcome($$ SELECT arbiter_resource_id('no such') $$);
SELECT outcome($$ SELECT arbiter_resource_id(NULL) $$);
SELECT * FROM declared('schedule');
SELECT arbiter_available('schedule', '2030-01-01', '2030-01-02');
SELECT arbiter_set_capacity('schedule', '2030-01-01 00:00', '2030-01-01 10:00', 10);
SELECT * FROM declared('schedule');
SELECT arbiter_set_capacity('schedule', '2030-01-01 04:00', '2030-01-01 06:00', 7);
SELECT * FROM declared('schedule');
-- over two steps and beyond the end
SELECT arbiter_set_capacity('schedule', '2030-01-01 05:00', '2030-01-01 12:00', 8);
SELECT * FROM declared('schedule');
-- equal neighbours coalesce, on either side
SELECT arbiter_set_capacity('schedule', '2030-01-01 12:00', '2030-01-01 14:00', 8);
SELECT arbiter_set_capacity('schedule', '2030-01-01 04:00', '2030-01-01 05:00', 10);
SELECT * FROM declared('schedule');
SELECT arbiter_set_capacity('schedule', '2030-01-01 05:00', '2030-01-01 14:00', 10);
SELECT * FROM declared('schedule');
-- the same again changes nothing
SELECT arbiter_set_capacity('schedule', '2030-01-01 05:00', '2030-01-01 14:00', 10);
SELECT * FROM declared('schedule');
-- NULL undeclares; zero is a declaration
SELECT arbiter_set_capacity('schedule', '2030-01-01 02:00', '2030-01-01 03:00', NULL);
SELECT arbiter_set_capacity('schedule', '2030-01-01 06:00', '2030-01-01 07:00', 0);
SELECT * FROM declared('schedule');
SELECT outcome($$ SELECT arbiter_reserve('schedule', '2030-01-01 02:30', '2030-01-01 02:45', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('schedule', '2030-01-01 06:30', '2030-01-01 06:45', 1) $$);
SELECT * FROM arbiter_timeline('schedule', '2030-01-01 00:00', '2030-01-01 16:00');
-- without an end
SELECT arbiter_set_capacity('schedule', '2030-01-01 14:00', 'infinity', 5);
SELECT * FROM declared('schedule');
SELECT arbiter_available('schedule', '2030-01-01 14:00', 'infinity');
SELECT arbiter_set_capacity('schedule', '2040-01-01', '2041-01-01', 6);
SELECT * FROM declared('schedule');
-- all of it
SELECT arbiter_set_capacity('schedule', '-infinity', 'infinity', NULL);
SELECT * FROM declared('schedule');
SELECT * FROM arbiter_check('schedule');

-- what it refuses
SELECT arbiter_set_capacity('schedule', '2030-01-01 00:00', '2030-01-01 10:00', 10);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-02', '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01', '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01', '2030-01-02', -1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '-infinity', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', 'infinity', 'infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01', '-infinity', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', NULL, '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity(NULL, '2030-01-01', '2030-01-02', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01', '2030-01-02', 1, force => NULL) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('no such', '2030-01-01', '2030-01-02', 1) $$);
SELECT * FROM declared('schedule');

--
-- add_capacity adds to each step and declares what was undeclared
--

SELECT arbiter_set_capacity('schedule', '2030-01-01 04:00', '2030-01-01 06:00', 4);
SELECT arbiter_set_capacity('schedule', '2030-01-01 07:00', '2030-01-01 08:00', NULL);
SELECT * FROM declared('schedule');
SELECT arbiter_add_capacity('schedule', '2030-01-01 05:00', '2030-01-01 12:00', 6);
SELECT * FROM declared('schedule');
SELECT arbiter_add_capacity('schedule', '2030-01-01 05:00', '2030-01-01 12:00', -6);
SELECT * FROM declared('schedule');
SELECT arbiter_add_capacity('schedule', '2030-01-01 00:00', '2030-01-01 12:00', 0);
SELECT * FROM declared('schedule');
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 00:00', '2030-01-01 06:00', -5) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 20:00', '2030-01-01 21:00', -1) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 00:00', '2030-01-01 06:00', 9223372036854775807) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 00:00', '2030-01-01 06:00', NULL) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-02', '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '-infinity', '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', NULL, '2030-01-01', 1) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('no such', '2030-01-01', '2030-01-02', 1) $$);
SELECT * FROM declared('schedule');
SELECT * FROM arbiter_check('schedule');

--
-- RV011: a change that would leave reservations uncovered
--

SELECT arbiter_set_capacity('schedule', '-infinity', 'infinity', NULL);
SELECT arbiter_set_capacity('schedule', '2030-01-01 00:00', '2030-01-02 00:00', 10);
SELECT count(arbiter_reserve('schedule', '2030-01-01 10:00', '2030-01-01 12:00', 3, 'user ' || n))
FROM generate_series(1, 3) n;
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01 00:00', '2030-01-02 00:00', 8) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('schedule', '2030-01-01 11:00', '2030-01-01 13:00', NULL) $$);
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 11:59:59', '2030-01-01 13:00', -2) $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule', '{{1893456000,1893495600,10}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule', '{}') $$);
-- counted are those that the change concerns, not their neighbours
SELECT arbiter_create_resource('schedule.count') > 0;
SELECT arbiter_set_capacity('schedule.count', '2030-03-01', '2030-04-01', 8);
SELECT arbiter_reserve('schedule.count', '2030-03-01 18:00', '2030-03-01 20:00', 2) > 0;
SELECT arbiter_reserve('schedule.count', '2030-03-02 10:00', '2030-03-02 12:00', 5) > 0;
SELECT outcome($$ SELECT arbiter_set_capacity('schedule.count', '2030-03-02', '2030-03-03', 2) $$);
SELECT arbiter_drop_resource('schedule.count', force => true);
-- what still covers them, and what does not touch them, is fine
SELECT arbiter_set_capacity('schedule', '2030-01-01 10:00', '2030-01-01 12:00', 9);
SELECT arbiter_set_capacity('schedule', '2030-01-01 12:00', '2030-01-02 00:00', NULL);
SELECT * FROM arbiter_timeline('schedule', '2030-01-01', '2030-01-02');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
-- force skips that refusal and touches no reservation
SELECT arbiter_set_capacity('schedule', '2030-01-01 11:00', '2030-01-01 12:00', 5, force => true);
SELECT * FROM declared('schedule');
SELECT * FROM booked('schedule');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
SELECT arbiter_add_capacity('schedule', '2030-01-01 11:30', '2030-01-01 12:00', -5, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
-- force still refuses what is not an amount
SELECT outcome($$ SELECT arbiter_add_capacity('schedule', '2030-01-01 11:30', '2030-01-01 12:00', -1, force => true) $$);
SELECT arbiter_set_capacity('schedule', '2030-01-01 11:00', '2030-01-01 12:00', NULL, force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
SELECT * FROM arbiter_check('schedule');
SELECT arbiter_load_schedule('schedule', '{}', force => true);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
SELECT arbiter_available('schedule', '2030-01-01 10:00', '2030-01-01 12:00');
SELECT arbiter_set_capacity('schedule', '2030-01-01 00:00', '2030-01-02 00:00', 10);
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('schedule');
SELECT * FROM arbiter_check('schedule');

--
-- load_schedule replaces the whole schedule, all or nothing
--

SELECT arbiter_create_resource('schedule.load') > 0;
SELECT arbiter_load_schedule('schedule.load',
	'{{1707165008,1708374608,64},{1708374608,1710793808,96},{1710793808,1711398608,32},{1711398608,1713213008,128}}');
SELECT * FROM declared('schedule.load');
-- in any order, with gaps, touching ones of one amount coalesced
SELECT arbiter_load_schedule('schedule.load',
	'{{1711398608,1713213008,96},{1707165008,1708374608,64},{1710793808,1711398608,96}}');
SELECT * FROM declared('schedule.load');
SELECT arbiter_load_schedule('schedule.load', ARRAY[[1707165008, 1708374608, 0]]);
SELECT * FROM declared('schedule.load');
SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,64}}');
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,64},{1708374607,1710793808,96}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,64},{1707165008,1708374608,64}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,65},{1710793808,1708374608,96}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,65},{1710793808,1710793808,96}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,-1}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008000,1708374608000,65}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{-5,1708374608,65}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{1707165008,1708374608,65}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{{1707165008,1708374608,65}}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,NULL}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,many}}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('schedule.load', NULL) $$);
SELECT outcome($$ SELECT arbiter_load_schedule(NULL, '{}') $$);
SELECT outcome($$ SELECT arbiter_load_schedule('no such', '{}') $$);
SELECT * FROM declared('schedule.load');
SELECT arbiter_load_schedule('schedule.load', '{}');
SELECT * FROM declared('schedule.load');
-- the largest amount there is
SELECT arbiter_load_schedule('schedule.load', '{{1707165008,1708374608,9223372036854775807}}');
SELECT arbiter_available('schedule.load', 1707165008, 1708374608);
SELECT arbiter_reserve(1707165008, 1708374608, 9223372036854775807, resource => 'schedule.load') > 0;
SELECT arbiter_available('schedule.load', 1707165008, 1708374608);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 9223372036854775807, resource => 'schedule.load') $$);
SELECT outcome($$ SELECT arbiter_reserve(1707165008, 1708374608, 1, resource => 'schedule.load') $$);
SELECT * FROM arbiter_check('schedule.load');

--
-- drop
--

SELECT outcome($$ SELECT arbiter_drop_resource('schedule') $$);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('schedule');
-- history is kept as well
SELECT outcome($$ SELECT arbiter_drop_resource('schedule') $$);
SELECT arbiter_drop_resource('schedule', force => true);
SELECT outcome($$ SELECT arbiter_drop_resource('schedule', force => true) $$);
SELECT outcome($$ SELECT arbiter_drop_resource('no such') $$);
SELECT outcome($$ SELECT arbiter_drop_resource(NULL) $$);
SELECT arbiter_drop_resource('schedule.two');
SELECT arbiter_drop_resource('schedule.load', true);
-- nothing is left behind
SELECT name FROM arbiter_resource WHERE name LIKE 'schedule%';
SELECT count(*) FROM arbiter_capacity WHERE resource_id NOT IN (SELECT resource_id FROM arbiter_resource);
SELECT count(*) FROM arbiter_reservation WHERE resource_id NOT IN (SELECT resource_id FROM arbiter_resource);
SELECT count(*) FROM arbiter_timeline WHERE resource_id NOT IN (SELECT resource_id FROM arbiter_resource);
SELECT * FROM arbiter_check();
-- and the name is free again
SELECT arbiter_create_resource('schedule') > 0;
SELECT * FROM declared('schedule');
SELECT * FROM arbiter_timeline('schedule', '2030-01-01', '2030-01-02');
SELECT arbiter_drop_resource('schedule');
SELECT arbiter_drop_resource('default');
