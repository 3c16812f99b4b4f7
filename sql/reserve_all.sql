-- arbiter_reserve_all: several resources, one reservation, all or nothing.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('all.memory') > 0;
SELECT arbiter_create_resource('all.cpu') > 0;
SELECT arbiter_create_resource('all.gpu') > 0;
SELECT arbiter_set_capacity('all.cpu', '2030-01-01', '2030-02-01', 16);
SELECT arbiter_set_capacity('all.memory', '2030-01-01', '2030-02-01', 64);
SELECT arbiter_set_capacity('all.gpu', '2030-01-01', '2030-01-15', 2);

-- one id, a part for each resource
SELECT arbiter_reserve_all('{"all.cpu": 4, "all.memory": 16}', '2030-01-02', '2030-01-03', '4242') AS id \gset
SELECT count(*), count(DISTINCT part), min(part) FROM arbiter_reservation WHERE reservation_id = :id;
SELECT r.name, v.during, v.amount, v.user_id, v.status, v.request_key
FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
WHERE reservation_id = :id ORDER BY r.name;
SELECT resources, start_time, end_time, status, user_id FROM arbiter_booking WHERE reservation_id = :id;
SELECT arbiter_available('all.cpu', '2030-01-02', '2030-01-03'),
	arbiter_available('all.memory', '2030-01-02', '2030-01-03'),
	arbiter_available('all.gpu', '2030-01-02', '2030-01-03');
-- the order in which they are written makes no difference
SELECT arbiter_reserve_all('{"all.memory": 16, "all.cpu": 4}', '2030-01-02', '2030-01-03') > 0;
SELECT arbiter_reserve_all('{"all.gpu": 1}', '2030-01-02', '2030-01-03') > 0;
SELECT arbiter_reserve_all(requirements => jsonb_build_object('all.cpu', 1, 'all.gpu', 1::bigint),
	start_time => '2030-01-04', end_time => '2030-01-05', user_id => 'someone') > 0;
SELECT arbiter_reserve_all('{"all.cpu": 1e0, "all.gpu": 1.0}', '2030-01-05', '2030-01-06') > 0;
-- cancelled as one
SELECT arbiter_cancel(:id);
SELECT part, status FROM arbiter_reservation WHERE reservation_id = :id ORDER BY part;
SELECT arbiter_available('all.cpu', '2030-01-02', '2030-01-03'),
	arbiter_available('all.memory', '2030-01-02', '2030-01-03');

-- one too little: nothing at all
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 4, "all.memory": 16, "all.gpu": 2}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 17, "all.memory": 65, "all.gpu": 1}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 1, "all.gpu": 1}', '2030-01-14', '2030-01-16') $$);
SELECT arbiter_available('all.cpu', '2030-01-02', '2030-01-03'),
	arbiter_available('all.memory', '2030-01-02', '2030-01-03'),
	arbiter_available('all.gpu', '2030-01-02', '2030-01-03');

-- the earliest start is one at which all of them fit
SELECT arbiter_create_resource('all.a') > 0;
SELECT arbiter_create_resource('all.b') > 0;
SELECT arbiter_set_capacity('all.a', '2030-01-01', '2030-01-10', 1);
SELECT arbiter_set_capacity('all.b', '2030-01-01', '2030-01-10', 1);
SELECT arbiter_reserve('all.a', '2030-01-01', '2030-01-02', 1) > 0;
SELECT arbiter_reserve('all.b', '2030-01-02', '2030-01-03', 1) > 0;
SELECT arbiter_reserve('all.a', '2030-01-03 06:00', '2030-01-03 18:00', 1) > 0;
SELECT granted, reason, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_reserve_all('{"all.a": 1, "all.b": 1}', '2030-01-01', '2030-01-02', 'ann');
SELECT granted FROM arbiter_try_reserve_all('{"all.a": 1, "all.b": 1}', '2030-01-03 18:00', '2030-01-04 18:00');

-- the try form
\pset tuples_only off
\pset expanded on
SELECT granted, reservation_id > 0 AS reserved, reason, message, limiting_time, available,
	earliest_start, largest_amount, limiting_resource
FROM arbiter_try_reserve_all('{"all.cpu": 1, "all.memory": 1}', '2030-01-10', '2030-01-11');
SELECT * FROM arbiter_try_reserve_all('{"all.cpu": 1, "all.memory": 16, "all.gpu": 3}', '2030-01-10', '2030-01-11', '4242');
SELECT * FROM arbiter_try_reserve_all('{"all.cpu": 1, "all.gpu": 1}', '2030-01-14', '2030-01-16', '4242');
-- one denial each, that of the resource which was too small
SELECT r.name, d.during, d.amount, d.user_id, d.reason, d.limiting_time, d.available, d.earliest_start,
	d.largest_amount, d.requirements
FROM arbiter_denial d JOIN arbiter_resource r USING (resource_id)
WHERE denial_id > :before ORDER BY denial_id;
\pset expanded off
\pset tuples_only on

-- what requirements must be
SELECT outcome($$ SELECT arbiter_reserve_all('{}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('[]', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('[["all.cpu", 4]]', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('"all.cpu"', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('4', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('null', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 0, "all.memory": 1}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": -4}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 1.5}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 1e30}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": "4"}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": null}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": true}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": {"amount": 4}}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"": 4}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 4', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 4, "all.disk": 1}', '2030-01-02', '2030-01-03') $$);
-- a resource named twice: jsonb keeps the last
SELECT arbiter_reserve_all('{"all.cpu": 4, "all.cpu": 5}', '2030-01-08', '2030-01-09') > 0;
SELECT arbiter_available('all.cpu', '2030-01-08', '2030-01-09');

-- every option of every resource holds
SELECT arbiter_alter_resource('all.gpu', granularity => '1 h');
SELECT outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 1, "all.gpu": 1}', '2030-01-10 00:30', '2030-01-10 01:30') $$);
SELECT arbiter_alter_resource('all.gpu', min_lead => '100 years', clear => '{granularity}');
SELECT split_part(o, ':', 1) FROM outcome($$ SELECT arbiter_reserve_all('{"all.cpu": 1, "all.gpu": 1}', '2030-01-10 00:30', '2030-01-10 01:30') $$) o LIMIT 1;
SELECT granted, reason, limiting_resource
FROM arbiter_try_reserve_all('{"all.cpu": 1, "all.gpu": 1}', '2030-01-10 00:30', '2030-01-10 01:30');
SELECT arbiter_alter_resource('all.gpu', clear => '{min_lead}');
-- a NULL start is one instant for all
SELECT arbiter_set_capacity('all.a', '2000-01-01', 'infinity', 5);
SELECT arbiter_set_capacity('all.b', '2000-01-01', 'infinity', 5);
SELECT arbiter_alter_resource('all.a', granularity => '1 h');
BEGIN;
SELECT arbiter_reserve_all('{"all.a": 1, "all.b": 2}', NULL, 'infinity') AS id \gset
SELECT count(DISTINCT during), min(lower(during)) = date_trunc('hour', min(lower(during))),
	min(lower(during)) >= now(), min(lower(during)) < now() + interval '1 h 1 min'
FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;

SELECT * FROM arbiter_check();
