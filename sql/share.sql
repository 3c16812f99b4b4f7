-- arbiter_reserve_share: a share of the declared capacity, which follows it.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

-- the rows of a reservation, part by part
CREATE FUNCTION parts(id bigint)
RETURNS TABLE (part integer, during tstzrange, occupied tstzrange, amount bigint, share numeric, status text)
LANGUAGE sql STABLE AS $$
	SELECT v.part, v.during, v.occupied, v.amount, v.share, v.status
	FROM arbiter_reservation v WHERE v.reservation_id = id ORDER BY v.part
$$;
-- the same, as amounts by day
CREATE FUNCTION amounts(id bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(to_char(lower(v.during), 'DD') || '-' || coalesce(to_char(nullif(upper(v.during), 'infinity'), 'DD'), 'infinity') || ':' || v.amount, ' ' ORDER BY v.part)
	FROM arbiter_reservation v WHERE v.reservation_id = id AND v.status IN ('held', 'confirmed')
$$;

SELECT arbiter_create_resource('share.farm', 'core') > 0;
SELECT arbiter_set_capacity('share.farm', '2030-01-01', '2030-01-10', 10);
SELECT arbiter_set_capacity('share.farm', '2030-01-10', '2030-01-20', 24);
SELECT arbiter_set_capacity('share.farm', '2030-01-20', '2030-02-01', 3);

-- one id, a part for each amount; equal amounts are one part
SELECT arbiter_reserve_share('share.farm', 20, '2030-01-05', '2030-01-15', 'ann') AS id \gset
SELECT * FROM parts(:id);
SELECT arbiter_reserve_share('share.farm', 33.33, '2030-01-05', '2030-01-15') AS other \gset
SELECT * FROM parts(:other);
SELECT arbiter_cancel(:other);
SELECT arbiter_set_capacity('share.farm', '2030-01-07', '2030-01-09', 14);
SELECT amounts(:id);
SELECT resources, start_time, end_time, status, user_id FROM arbiter_booking WHERE reservation_id = :id;
SELECT during, capacity, reserved, available FROM arbiter_timeline('share.farm', '2030-01-01', '2030-02-01');
-- the rest of it, to the last one, and no more
SELECT arbiter_reserve_share(resource => 'share.farm', share => 80.00, start_time => '2030-01-05', end_time => '2030-01-07') > 0;
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 0.01, '2030-01-05', '2030-01-07') $$);
SELECT outcome($$ SELECT arbiter_reserve('share.farm', '2030-01-05', '2030-01-07', 1) $$);
SELECT arbiter_available('share.farm', '2030-01-05', '2030-01-07');
-- all of it is exclusive: nothing else fits, and it fits nowhere else
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 100, '2030-01-14', '2030-01-16') $$);
SELECT arbiter_reserve_share('share.farm', 100, '2030-01-15', '2030-01-25') AS whole \gset
SELECT amounts(:whole);
SELECT outcome($$ SELECT arbiter_reserve('share.farm', '2030-01-24', '2030-01-26', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 50, '2030-01-24', '2030-01-26') $$);
SELECT arbiter_cancel(:whole);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 100, '2030-01-15', '2030-01-25') $$);
-- of an infinite schedule, an infinite share
SELECT arbiter_create_resource('share.ever') > 0;
SELECT arbiter_set_capacity('share.ever', '2030-01-01', 'infinity', 100);
SELECT arbiter_reserve_share('share.ever', 5, '2030-01-05', 'infinity') AS ever \gset
SELECT amounts(:ever);
-- amounts near the end of what there is
SELECT arbiter_set_capacity('share.ever', '2030-01-10', 'infinity', 9000000000000000000);
SELECT amounts(:ever);
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 99.99) $$, :ever));
SELECT amounts(:ever);

-- refusals: what is lacking, and the largest share that would do
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 90, '2030-01-08', '2030-01-12') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 85.71, '2030-01-08', '2030-01-09') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 33.33, '2030-01-18', '2030-01-22') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 33.34, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 50, '2030-01-25', '2030-02-02') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 1, '2030-01-25', '2030-02-02') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 50, '2031-01-25', '2031-02-02') $$);
SELECT arbiter_create_resource('share.none') > 0;
SELECT outcome($$ SELECT arbiter_reserve_share('share.none', 50, '2031-01-25', '2031-02-02') $$);
SELECT arbiter_set_capacity('share.none', '2030-01-01', '2030-02-01', 0);
SELECT outcome($$ SELECT arbiter_reserve_share('share.none', 100, '2030-01-25', '2030-01-26') $$);
SELECT arbiter_drop_resource('share.none');
-- what is no share, no range, no resource
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 0, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', -5, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 100.01, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 'NaN', '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 33.333, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', NULL, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share(NULL, 5, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 5, '2030-01-25', NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 5, '2030-01-25', '2030-01-25') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 5, '2030-01-25', '2030-01-26', NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 5, '2030-01-25', '2030-01-26', tryout => NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 5, '2030-01-25', '2030-01-26', ttl => '0') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.nowhere', 5, '2030-01-25', '2030-01-26') $$);
BEGIN READ ONLY;
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 50, '2030-01-25', '2030-01-26') $$);
SELECT outcome($$ SELECT arbiter_resize_share(1, 50) $$);
COMMIT;
-- as a row, and in the log
SELECT granted, reservation_id IS NULL, reason, message, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_reserve_share('share.farm', 90, '2030-01-08', '2030-01-12', 'bob');
SELECT granted, reason, message, limiting_time, available FROM arbiter_try_reserve_share('share.farm', 5, '2030-01-18', '2030-01-22', 'bob');
SELECT granted, reason, limiting_time, available FROM arbiter_try_reserve_share('share.farm', 5, '2030-01-18', '2030-02-22', 'bob');
SELECT granted, reservation_id > 0, reason FROM arbiter_try_reserve_share('share.farm', 50, '2030-01-28', '2030-01-29', 'bob');
SELECT during, amount, user_id, reason, limiting_time, available, share FROM arbiter_denial WHERE denial_id > :before ORDER BY denial_id;
-- a request key: the first answer, whatever the capacity is now
SELECT arbiter_reserve_share('share.farm', 50, '2030-01-30', '2030-01-31', 'ann', 'share key') AS keyed \gset
SELECT arbiter_set_capacity('share.farm', '2030-01-30', '2030-01-31', 100);
SELECT arbiter_reserve_share('share.farm', 50.00, '2030-01-30', '2030-01-31', 'ann', 'share key') = :keyed;
SELECT amounts(:keyed);
SELECT outcome($$ SELECT arbiter_reserve_share('share.farm', 51, '2030-01-30', '2030-01-31', 'ann', 'share key') $$, true);

-- the capacity changes, and the share with it: more, less, another split
SELECT arbiter_create_resource('share.model') > 0;
SELECT arbiter_set_capacity('share.model', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve_share('share.model', 50, '2030-01-05', '2030-01-25') AS half \gset
SELECT arbiter_reserve('share.model', '2030-01-10', '2030-01-20', 4) AS plain \gset
-- a cut takes from the share first
SELECT arbiter_set_capacity('share.model', '2030-01-01', '2030-02-01', 8);
SELECT amounts(:half), arbiter_available('share.model', '2030-01-10', '2030-01-20');
SELECT outcome($$ SELECT arbiter_set_capacity('share.model', '2030-01-01', '2030-02-01', 6) $$);
SELECT amounts(:half);
SELECT arbiter_add_capacity('share.model', '2030-01-12', '2030-01-14', 4);
SELECT * FROM parts(:half);
SELECT arbiter_set_capacity('share.model', '2030-01-22', '2030-01-23', 20);
SELECT amounts(:half);
-- parts stay in the order of time, and go when they are not needed
SELECT arbiter_set_capacity('share.model', '2030-01-12', '2030-01-14', 8);
SELECT * FROM parts(:half);
SELECT arbiter_load_schedule('share.model', ARRAY[
	[extract(epoch FROM timestamptz '2030-01-01')::bigint, extract(epoch FROM timestamptz '2030-01-15')::bigint, 30],
	[extract(epoch FROM timestamptz '2030-01-15')::bigint, extract(epoch FROM timestamptz '2030-02-01')::bigint, 31]]);
SELECT amounts(:half);
SELECT * FROM arbiter_check('share.model');
-- plain SQL too, by its net effect
UPDATE arbiter_capacity SET amount = 12 WHERE resource_id = id_of('share.model');
SELECT amounts(:half);
INSERT INTO arbiter_capacity SELECT id_of('share.model'), '[2029-12-01, 2030-01-01)', 40;
DELETE FROM arbiter_capacity WHERE resource_id = id_of('share.model') AND lower(during) < '2030-01-01';
SELECT amounts(:half);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 6 WHERE resource_id = id_of('share.model') $$);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 1 WHERE resource_id = id_of('share.model') $$);
SELECT outcome($$ DELETE FROM arbiter_capacity WHERE resource_id = id_of('share.model') $$);
SELECT amounts(:half);
SELECT * FROM arbiter_check('share.model');
-- a share that grows may be too much: there must be room for all of it
SELECT arbiter_load_schedule('share.model', ARRAY[[extract(epoch FROM timestamptz '2030-01-01')::bigint, extract(epoch FROM timestamptz '2030-02-01')::bigint, 9]]);
SELECT arbiter_reserve_share('share.model', 50, '2030-01-21', '2030-01-22') AS second \gset
SELECT arbiter_reserve('share.model', '2030-01-21', '2030-01-22', 1) AS one \gset
SELECT outcome($$ SELECT arbiter_set_capacity('share.model', '2030-01-01', '2030-02-01', 10) $$);
SELECT arbiter_cancel(:one);
SELECT arbiter_set_capacity('share.model', '2030-01-01', '2030-02-01', 10);
SELECT amounts(:half), amounts(:second);
SELECT arbiter_cancel(:second);

-- where nothing is left of it: refused, unless forced
SELECT outcome($$ SELECT arbiter_set_capacity('share.model', '2030-01-22', '2030-01-23', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('share.model', '2030-01-22', '2030-01-23', NULL) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('share.model', '2030-01-22', '2030-01-23', 0) $$);
SELECT arbiter_set_capacity('share.model', '2030-01-22', '2030-01-23', 1, force => true);
SELECT amounts(:half);
SELECT during, capacity, reserved, available, reservation_ids = ARRAY[:half]::bigint[] FROM arbiter_conflicts('share.model');
SELECT arbiter_set_capacity('share.model', '2030-01-21', '2030-01-23', NULL, force => true);
SELECT amounts(:half);
SELECT during, capacity, reserved, available FROM arbiter_conflicts('share.model');
SELECT * FROM arbiter_check('share.model');
-- more, but still nothing for it: not refused
SELECT arbiter_set_capacity('share.model', '2030-01-21', '2030-01-22', 1);
SELECT amounts(:half);
SELECT arbiter_set_capacity('share.model', '2030-01-21', '2030-01-23', 10);
SELECT amounts(:half);
SELECT * FROM arbiter_conflicts('share.model');
-- forced, and something left: what others have is oversold
SELECT arbiter_set_capacity('share.model', '2030-01-12', '2030-01-14', 4, force => true);
SELECT amounts(:half);
SELECT during, capacity, reserved, available, cardinality(reservation_ids) FROM arbiter_conflicts('share.model');
SELECT arbiter_set_capacity('share.model', '2030-01-12', '2030-01-14', 10);
SELECT * FROM arbiter_check('share.model');

-- changes
SELECT arbiter_load_schedule('share.model', ARRAY[
	[extract(epoch FROM timestamptz '2030-01-01')::bigint, extract(epoch FROM timestamptz '2030-01-22')::bigint, 10],
	[extract(epoch FROM timestamptz '2030-01-22')::bigint, extract(epoch FROM timestamptz '2030-01-27')::bigint, 20],
	[extract(epoch FROM timestamptz '2030-01-27')::bigint, extract(epoch FROM timestamptz '2030-02-01')::bigint, 30]]);
SELECT amounts(:half);
SELECT arbiter_extend(:half, '2030-01-29');
SELECT * FROM parts(:half);
SELECT arbiter_extend(:half, '2030-01-29');
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-02-02') $$, :half));
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-28') $$, :half));
SELECT arbiter_truncate(:half, '2030-01-28');
SELECT * FROM parts(:half);
SELECT arbiter_truncate(:half, '2030-01-22');
SELECT * FROM parts(:half);
-- the capacity of what was cancelled is no matter
SELECT arbiter_set_capacity('share.model', '2030-01-15', '2030-01-27', 12);
SELECT * FROM parts(:half);
SELECT arbiter_move(:half, '2030-01-03');
SELECT amounts(:half);
SELECT arbiter_move(:half, '2030-01-03');
SELECT outcome(format($$ SELECT arbiter_move(%s, '2029-12-30') $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize(%s, 3) $$, :half));
SELECT arbiter_resize_share(:half, 60);
SELECT amounts(:half);
SELECT share FROM arbiter_reservation WHERE reservation_id = :half AND status = 'confirmed' GROUP BY share;
SELECT arbiter_resize_share(:half, 60);
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 61) $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 70) $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 5) $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 0) $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, NULL) $$, :half));
SELECT outcome($$ SELECT arbiter_resize_share(NULL, 5) $$);
SELECT outcome($$ SELECT arbiter_resize_share(0, 5) $$);
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 5, NULL) $$, :half));
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 5) $$, :plain));
SELECT amounts(:half);
SELECT arbiter_transfer(:half, 'eve');
SELECT DISTINCT user_id FROM arbiter_reservation WHERE reservation_id = :half ORDER BY 1;
SELECT * FROM arbiter_check('share.model');
-- evacuate leaves it where it is, swap cancels it
SELECT arbiter_create_resource('share.other') > 0;
SELECT arbiter_set_capacity('share.other', '2030-01-01', '2030-02-01', 100);
SELECT reservation_id = :half, part, amount, moved, reason, regexp_replace(message, '\d+', '<id>')
FROM arbiter_evacuate('share.model', 'share.other', '2030-01-01', '2030-02-01', 'oldest') ORDER BY moved, part;
SELECT count(*) FROM arbiter_swap(ARRAY[:half]::bigint[], '[{"resource": "share.model", "start_time": "2030-01-03", "end_time": "2030-01-20", "amount": 10}]');
SELECT status, count(*) FROM parts(:half) GROUP BY status;
SELECT arbiter_drop_resource('share.other', true);
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-29') $$, :half));
SELECT * FROM arbiter_check('share.model');
SELECT arbiter_drop_resource('share.model', true);

-- plain SQL: what it takes is not for writing, all else is
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, share) VALUES (id_of('share.farm'), '[2030-01-25, 2030-01-26)', 1, 50) $$);
SELECT outcome(format($$ UPDATE arbiter_reservation SET amount = 1 WHERE reservation_id = %s $$, :id));
SELECT outcome(format($$ UPDATE arbiter_reservation SET share = 10 WHERE reservation_id = %s $$, :id));
SELECT outcome(format($$ UPDATE arbiter_reservation SET share = NULL WHERE reservation_id = %s $$, :id));
SELECT outcome(format($$ UPDATE arbiter_reservation SET during = '[2030-01-05, 2030-01-06)' WHERE reservation_id = %s AND part = 1 $$, :id));
SELECT outcome(format($$ UPDATE arbiter_reservation SET resource_id = id_of('share.ever') WHERE reservation_id = %s $$, :id));
SELECT outcome(format($$ UPDATE arbiter_reservation SET status = 'confirmed' WHERE reservation_id = %s $$, :whole));
SELECT arbiter_reserve('share.farm', '2030-01-25', '2030-01-26', 1) AS plain \gset
SELECT outcome(format($$ UPDATE arbiter_reservation SET share = 50 WHERE reservation_id = %s $$, :plain));
SELECT outcome(format($$ UPDATE arbiter_reservation SET user_id = 'kim', attributes = '{}', during = during WHERE reservation_id = %s $$, :id));
\copy (SELECT resource_id, during, amount, share FROM arbiter_reservation WHERE reservation_id = 0) TO '/dev/null'
SELECT id_of('share.farm') AS farm \gset
CREATE TEMP TABLE line AS SELECT format('COPY arbiter_reservation (resource_id, during, amount, share) FROM PROGRAM %L', format('echo ''%s;[2030-01-25, 2030-01-26);1;50''', :farm)) || ' (DELIMITER '';'')' AS text;
SELECT outcome(text) FROM line;
DROP TABLE line;
-- a part that is cancelled, or deleted: the others follow, but it is not one share
SELECT arbiter_create_resource('share.parts') > 0;
SELECT arbiter_set_capacity('share.parts', '2030-01-01', '2030-01-10', 10);
SELECT arbiter_set_capacity('share.parts', '2030-01-10', '2030-01-20', 24);
SELECT arbiter_set_capacity('share.parts', '2030-01-20', '2030-02-01', 16);
SELECT arbiter_reserve_share('share.parts', 50, '2030-01-05', '2030-01-25') AS third \gset
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id = :third AND part = 2;
SELECT amounts(:third);
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-22', 20);
SELECT amounts(:third);
SELECT outcome(format($$ SELECT arbiter_move(%s, '2030-01-06') $$, :third));
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-26') $$, :third));
DELETE FROM arbiter_reservation WHERE reservation_id = :third AND part > 2;
SELECT amounts(:third);
-- a plain part beside it
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount)
VALUES (:third, 9, id_of('share.parts'), '[2030-01-22, 2030-01-23)', 1);
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 10) $$, :third));
SELECT outcome(format($$ SELECT arbiter_resize(%s, 2) $$, :third));
SELECT arbiter_set_capacity('share.parts', '2030-01-01', '2030-01-06', 11);
SELECT * FROM parts(:third);
SELECT arbiter_cancel(:third);
SELECT status, count(*) FROM parts(:third) GROUP BY status;
SELECT * FROM arbiter_check('share.parts');

-- holds
SELECT arbiter_reserve_share('share.parts', 50, '2030-01-06', '2030-01-08', ttl => '1 hour') AS hold \gset
SELECT status, expires_at - created_at FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-15', 31);
SELECT amounts(:hold);
SELECT count(DISTINCT expires_at) FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT arbiter_confirm(:hold);
SELECT status, count(*) FROM parts(:hold) GROUP BY status;
SELECT arbiter_cancel(:hold);
-- one that has expired does not follow: it is marked, and all is free
SELECT arbiter_reserve_share('share.parts', 20, '2030-01-06', '2030-01-09', ttl => '1 microsecond') AS late \gset
SELECT status, count(*) FROM parts(:late) GROUP BY status;
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-15', 35);
SELECT status, sum(amount) FROM parts(:late) GROUP BY status;
SELECT arbiter_reserve_share('share.parts', 20, '2030-01-06', '2030-01-09', ttl => '1 microsecond') AS late \gset
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-15', 3);
SELECT status, sum(amount) FROM parts(:late) GROUP BY status;
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-15', 35);
-- its place is for anybody
SELECT arbiter_reserve_share('share.parts', 20, '2030-01-07', '2030-01-09', ttl => '1 microsecond') AS late \gset
SELECT arbiter_reserve_share('share.parts', 100, '2030-01-07', '2030-01-08') AS all \gset
SELECT status FROM parts(:late);
SELECT arbiter_cancel(:all);
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-10') $$, :late), true);
SELECT * FROM arbiter_check('share.parts');

-- options: granularity counts for the ends, setup and cleanup for the first and the last part
SELECT arbiter_create_resource('share.room', granularity => '1 hour', setup_time => '30 minutes', cleanup_time => '1 hour') > 0;
SELECT arbiter_set_capacity('share.room', '2030-01-01', '2030-01-02', 10);
SELECT arbiter_set_capacity('share.room', '2030-01-01 10:30', '2030-01-01 11:45', 20);
SELECT outcome($$ SELECT arbiter_reserve_share('share.room', 50, '2030-01-01 09:30', '2030-01-01 12:00') $$);
SELECT outcome($$ SELECT arbiter_reserve_share('share.room', 50, '2030-01-01 09:00', '2030-01-01 11:45') $$);
SELECT arbiter_reserve_share('share.room', 50, '2030-01-01 09:00', '2030-01-01 12:00') AS room \gset
SELECT * FROM parts(:room);
SELECT during, reserved FROM arbiter_timeline('share.room', '2030-01-01', '2030-01-02');
SELECT arbiter_set_capacity('share.room', '2030-01-01 11:00', '2030-01-01 11:15', 14);
SELECT * FROM parts(:room);
SELECT arbiter_set_capacity('share.room', '2030-01-01', '2030-01-02', 12);
SELECT * FROM parts(:room);
SELECT arbiter_set_capacity('share.room', '2030-01-01 11:00', '2030-01-01 13:00', 20);
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-01 13:30') $$, :room));
SELECT arbiter_extend(:room, '2030-01-01 14:00');
SELECT * FROM parts(:room);
SELECT arbiter_truncate(:room, '2030-01-01 11:00');
SELECT * FROM parts(:room);
SELECT arbiter_move(:room, '2030-01-01 10:00');
SELECT * FROM parts(:room);
SELECT outcome(format($$ SELECT arbiter_move(%s, '2030-01-01 10:15') $$, :room));
SELECT outcome(format($$ SELECT arbiter_move(%s, '2030-01-01 00:00') $$, :room));
SELECT * FROM arbiter_check('share.room');
SELECT arbiter_drop_resource('share.room', true);
-- the float
SELECT arbiter_create_resource('share.float', float_percent => 30) > 0;
SELECT arbiter_set_capacity('share.float', '2030-01-01', '2030-01-02', 10);
SELECT outcome($$ SELECT arbiter_reserve_share('share.float', 80, '2030-01-01', '2030-01-02') $$);
SELECT arbiter_reserve_share('share.float', 70, '2030-01-01', '2030-01-02') > 0;
SELECT arbiter_reserve_share('share.float', 30, '2030-01-01', '2030-01-02', tryout => true) > 0;
SELECT arbiter_set_capacity('share.float', '2030-01-01', '2030-01-02', 20);
SELECT amount, share, tryout FROM arbiter_reservation WHERE resource_id = id_of('share.float') ORDER BY share;
SELECT arbiter_drop_resource('share.float', true);
-- over-commit: a share is of what is declared, and more than all of it may be given away
SELECT arbiter_create_resource('share.over', firm_horizon => '0', overcommit_ratio => 1.5) > 0;
SELECT arbiter_set_capacity('share.over', '2130-01-01', '2130-02-01', 10);
SELECT arbiter_reserve_share('share.over', 100, '2130-01-05', '2130-01-25') AS all \gset
SELECT arbiter_reserve_share('share.over', 40, '2130-01-10', '2130-01-15') AS more \gset
SELECT regexp_replace(outcome, 'Before \S+ \S+ its', 'Before <instant> its') FROM outcome($$ SELECT arbiter_reserve_share('share.over', 20, '2130-01-12', '2130-01-20') $$);
SELECT arbiter_set_capacity('share.over', '2130-01-01', '2130-02-01', 20);
SELECT amounts(:all), amounts(:more);
SELECT arbiter_reserve('share.over', '2130-01-12', '2130-01-13', 2) > 0;
SELECT arbiter_set_capacity('share.over', '2130-01-01', '2130-02-01', 40);
SELECT outcome($$ SELECT arbiter_set_capacity('share.over', '2130-01-01', '2130-02-01', 10) $$);
SELECT amounts(:all), amounts(:more);
SELECT * FROM arbiter_check('share.over');
SELECT arbiter_drop_resource('share.over', true);
-- lead time; no start is the earliest permitted
SELECT arbiter_create_resource('share.lead', min_lead => '1 day', granularity => '1 day') > 0;
SELECT arbiter_set_capacity('share.lead', '2020-01-01', 'infinity', 10);
SELECT outcome($$ SELECT arbiter_reserve_share('share.lead', 50, '2020-01-05', '2020-01-06') $$, true);
SELECT arbiter_reserve_share('share.lead', 50, NULL, 'infinity') AS lead \gset
SELECT lower(during) - now() BETWEEN '23 hours 59 min' AND '48 hours', extract(epoch FROM lower(during))::bigint % 86400, amount FROM parts(:lead);
SELECT outcome(format($$ SELECT arbiter_move(%s, '2020-01-05') $$, :lead), true);
SELECT outcome($$ SELECT arbiter_reserve_share('share.lead', 50, NULL, '2020-01-05') $$, true);
SELECT arbiter_drop_resource('share.lead', true);

-- a share that is sublet: its child follows, and the shares of that
SELECT arbiter_create_resource('share.root') > 0;
SELECT arbiter_set_capacity('share.root', '2030-01-01', '2030-02-01', 100);
SELECT arbiter_reserve_share('share.root', 50, '2030-01-05', '2030-01-25') AS level1 \gset
SELECT arbiter_sublet(:level1, 'share.child') > 0;
SELECT arbiter_reserve_share('share.child', 50, '2030-01-06', '2030-01-24') AS level2 \gset
SELECT arbiter_sublet(:level2, 'share.grandchild') > 0;
SELECT arbiter_reserve('share.grandchild', '2030-01-10', '2030-01-12', 12) > 0;
SELECT arbiter_set_capacity('share.root', '2030-01-10', '2030-01-15', 60);
SELECT amounts(:level1), amounts(:level2);
SELECT during, amount FROM declared('share.grandchild');
SELECT outcome($$ SELECT arbiter_set_capacity('share.root', '2030-01-01', '2030-01-12', 40) $$);
SELECT amounts(:level1), amounts(:level2);
UPDATE arbiter_capacity SET amount = amount * 2 WHERE resource_id = id_of('share.root');
SELECT amounts(:level1), amounts(:level2);
SELECT during, amount FROM declared('share.grandchild');
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 10 WHERE resource_id = id_of('share.root') $$);
SELECT outcome($$ UPDATE arbiter_capacity SET amount = 1 WHERE resource_id = id_of('share.root') $$);
-- one statement may change both levels
UPDATE arbiter_reservation SET attributes = '{"seen": true}' WHERE reservation_id IN (:level1, :level2);
SELECT outcome(format($$ UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id IN (%s, %s) $$, :level1, :level2));
SELECT amounts(:level1), amounts(:level2);
BEGIN;
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('share.grandchild');
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id IN (:level1, :level2);
SELECT * FROM arbiter_check();
ROLLBACK;
SELECT arbiter_set_capacity('share.root', '2030-01-01', '2030-01-12', 40, force => true);
SELECT amounts(:level1), amounts(:level2);
SELECT resource_name, during, capacity, reserved FROM arbiter_conflicts() WHERE resource_name LIKE 'share.%';
SELECT outcome(format($$ SELECT arbiter_resize_share(%s, 20) $$, :level1));
SELECT arbiter_resize_share(:level1, 20, force => true);
SELECT amounts(:level1), amounts(:level2);
SELECT outcome(format($$ SELECT arbiter_cancel(%s) $$, :level1));
SELECT arbiter_cancel(:level1, force => true);
SELECT amounts(:level2);
SELECT resource_name, during, capacity, reserved FROM arbiter_conflicts() WHERE resource_name LIKE 'share.%';
SELECT * FROM arbiter_check();
SELECT arbiter_drop_resource('share.grandchild', true), arbiter_drop_resource('share.child', true), arbiter_drop_resource('share.root', true);

-- EXECUTE is enough: for who takes a share, and for who changes capacity, which writes its rows
CREATE ROLE regress_share;
SET ROLE regress_share;
SELECT outcome($$ SELECT arbiter_reserve_share('share.parts', 50, '2030-01-26', '2030-01-28') $$);
SELECT outcome($$ SELECT arbiter_resize_share(1, 50) $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_reserve_share, arbiter_resize_share, arbiter_set_capacity TO regress_share;
SET ROLE regress_share;
SELECT arbiter_reserve_share('share.parts', 50, '2030-01-26', '2030-01-28') AS granted \gset
SELECT arbiter_set_capacity('share.parts', '2030-01-26', '2030-01-27', 40);
SELECT arbiter_resize_share(:granted, 25);
RESET ROLE;
SELECT user_id, amount, share FROM arbiter_reservation WHERE reservation_id = :granted ORDER BY part;
SELECT arbiter_cancel(:granted);
REVOKE EXECUTE ON FUNCTION arbiter_reserve_share, arbiter_resize_share, arbiter_set_capacity FROM regress_share;
DROP ROLE regress_share;

-- users' triggers see each row, and cannot have another amount
CREATE TABLE seen (operation text, part integer, amount bigint);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen VALUES (TG_OP, coalesce(NEW.part, OLD.part), coalesce(NEW.amount, OLD.amount));
	RETURN NULL;
END
$$;
CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION see();
SELECT arbiter_reserve_share('share.parts', 50, '2030-01-06', '2030-01-08') AS watched \gset
SELECT arbiter_set_capacity('share.parts', '2030-01-05', '2030-01-09', 20);
SELECT arbiter_set_capacity('share.parts', '2030-01-07', '2030-01-09', 30);
SELECT * FROM seen;
DROP TRIGGER see ON arbiter_reservation;
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.amount := 1;
	RETURN NEW;
END
$$;
CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT outcome($$ SELECT arbiter_reserve_share('share.parts', 50, '2030-01-12', '2030-01-14') $$);
SELECT outcome($$ SELECT arbiter_set_capacity('share.parts', '2030-01-05', '2030-01-09', 40) $$);
SELECT outcome(format($$ SELECT arbiter_truncate(%s, '2030-01-07') $$, :watched));
SELECT outcome(format($$ SELECT arbiter_extend(%s, '2030-01-10') $$, :watched));
DROP TRIGGER meddle ON arbiter_reservation;
DROP FUNCTION meddle(), see();
DROP TABLE seen;
SELECT amounts(:watched);

-- a check that can fail
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE arbiter_reservation SET amount = 14 WHERE reservation_id = :watched AND part = 2;
SET LOCAL session_replication_role = origin;
SELECT arbiter_rebuild('share.parts') > 0;
SELECT problem, during, expected, found FROM arbiter_check('share.parts');
ROLLBACK;
SELECT * FROM arbiter_check();
SELECT arbiter_drop_resource('share.farm', true), arbiter_drop_resource('share.ever', true), arbiter_drop_resource('share.parts', true);
DELETE FROM arbiter_denial WHERE denial_id > :before;
DROP FUNCTION parts(bigint);
DROP FUNCTION amounts(bigint);
