-- Quotas: what a user or a group may have at most.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '-'

CREATE VIEW quota_damage AS SELECT * FROM arbiter_check() WHERE resource_id < 0;

-- the quotas of a user or group now, and what is left of them over a range
CREATE FUNCTION left_of(subject text, start_time timestamptz, end_time timestamptz,
	subject_kind text DEFAULT 'user')
RETURNS TABLE (resource text, resource_type text, measure text, per text, start_time timestamptz, end_time timestamptz,
	allocated numeric, used numeric, available numeric)
LANGUAGE sql AS $$
	SELECT c.resource, c.resource_type, c.measure, c.per, c.start_time, c.end_time, c.allocated, c.used, c.available
	FROM arbiter_quota_calendar(subject, start_time, end_time, subject_kind => subject_kind) c
$$;

SELECT FROM arbiter_create_resource('quota.gpu', resource_type => 'quota.gpu');
SELECT FROM arbiter_create_resource('quota.gpu2', resource_type => 'quota.gpu');
SELECT FROM arbiter_create_resource('quota.cpu', setup_time => '1 hour', cleanup_time => '1 hour');
SELECT FROM arbiter_set_capacity('quota.gpu', '2027-01-01', '2029-01-01', 100);
SELECT FROM arbiter_set_capacity('quota.gpu2', '2027-01-01', '2029-01-01', 100);
SELECT FROM arbiter_set_capacity('quota.cpu', '2027-01-01', '2029-01-01', 100);

-- nobody is limited before there is a quota
SELECT arbiter_reserve('quota.gpu', '2027-01-10'::timestamptz, '2027-01-20', 10, 'alice') AS early \gset

--
-- At any instant
--
SELECT arbiter_set_quota('alice', 16, resource => 'quota.gpu') AS alices \gset
-- what she had counts; to the limit and no further
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 7, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 6, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-19'::timestamptz, '2027-01-21', 1, 'alice')$$);
-- others are not limited, nor she elsewhere
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 70, 'bob')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-01-15'::timestamptz, '2027-01-25', 70, 'alice')$$);
SELECT * FROM left_of('alice', '2027-01-01', '2027-02-01');

-- the resource comes first: RV001 and RV002, not RV010
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 50, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-15'::timestamptz, '2030-01-25', 50, 'alice')$$);
-- what the hint says is so, for the start and for the amount
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-25'::timestamptz, '2027-02-04', 7, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-20'::timestamptz, '2027-01-22', 10, 'alice')$$);
-- more than the quota ever has: no start fits
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-03-01'::timestamptz, '2027-03-02', 17, 'alice')$$);

-- the try forms tell it as a row, and log it
SELECT granted, reason, message, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_reserve('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 7, 'alice');
SELECT granted, reason, message, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_hold('quota.gpu', '2027-01-15'::timestamptz, '2027-01-25', 7, '1 hour', 'alice');
SELECT d.reason, d.user_id, d.during, d.amount, d.available, d.earliest_start, d.largest_amount
FROM arbiter_denial d WHERE d.user_id = 'alice' AND d.reason = 'RV010' ORDER BY d.denial_id;

-- setup and cleanup do not count
SELECT FROM arbiter_set_quota('alice', 5, resource => 'quota.cpu');
SELECT arbiter_reserve('quota.cpu', '2027-01-10 10:00'::timestamptz, '2027-01-10 12:00', 5, 'alice') AS cpu \gset
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.cpu', '2027-01-10 12:00'::timestamptz, '2027-01-10 14:00', 5, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.cpu', '2027-01-10 11:59'::timestamptz, '2027-01-10 14:00', 1, 'alice')$$);

--
-- Changes give back what is unused, and take no more than there is
--
SELECT * FROM outcome(format('SELECT arbiter_extend(%s, ''2027-01-26'')', :early));
SELECT * FROM outcome(format('SELECT arbiter_resize(%s, 11)', :early));
SELECT * FROM outcome(format('SELECT arbiter_move(%s, ''2027-01-17'')', :early));
SELECT * FROM outcome(format('SELECT arbiter_resize(%s, 8)', :early));
SELECT * FROM outcome(format('SELECT arbiter_move(%s, ''2027-01-12'')', :early));
SELECT * FROM outcome(format('SELECT arbiter_truncate(%s, ''2027-01-18'')', :early));
SELECT * FROM left_of('alice', '2027-01-01', '2027-02-01') WHERE resource = 'quota.gpu';
SELECT * FROM outcome(format('SELECT arbiter_transfer(%s, ''bob'')', :early));
SELECT * FROM left_of('alice', '2027-01-01', '2027-02-01') WHERE resource = 'quota.gpu';
SELECT arbiter_reserve('quota.gpu', '2027-01-12'::timestamptz, '2027-01-13', 10, 'alice') AS hers \gset
SELECT * FROM outcome(format('SELECT arbiter_transfer(%s, ''alice'')', :early));
SELECT FROM arbiter_cancel(:hers);
SELECT * FROM outcome(format('SELECT arbiter_transfer(%s, ''alice'')', :early));
SELECT * FROM left_of('alice', '2027-01-01', '2027-02-01') WHERE resource = 'quota.gpu';
SELECT * FROM outcome(format($$SELECT * FROM arbiter_swap(ARRAY[%s],
	'[{"resource": "quota.gpu", "start_time": "2027-01-12", "end_time": "2027-01-18", "amount": 11, "user_id": "alice"}]')$$, :early));
SELECT reservation_id AS swapped FROM arbiter_swap(ARRAY[:early],
	'[{"resource": "quota.gpu", "start_time": "2027-01-12", "end_time": "2027-01-18", "amount": 10, "user_id": "alice"}]') \gset
SELECT * FROM left_of('alice', '2027-01-01', '2027-02-01') WHERE resource = 'quota.gpu';
SELECT * FROM quota_damage;

--
-- Holds
--
SELECT arbiter_hold('quota.gpu', '2027-02-11'::timestamptz, '2027-02-12', 16, '1 hour', 'alice') AS held \gset
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-02-11'::timestamptz, '2027-02-12', 1, 'alice')$$);
UPDATE arbiter_reservation SET expires_at = '2026-01-01' WHERE reservation_id = :held;
-- it counts as free, and makes room when it is needed
SELECT * FROM left_of('alice', '2027-02-11', '2027-02-12') WHERE resource = 'quota.gpu';
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-02-11'::timestamptz, '2027-02-12', 9, 'alice')$$);
SELECT status FROM arbiter_reservation WHERE reservation_id = :held;
SELECT * FROM left_of('alice', '2027-02-11', '2027-02-12') WHERE resource = 'quota.gpu';
-- so it does when somebody else needs the place, and when all are marked
SELECT arbiter_hold('quota.gpu', '2027-02-13'::timestamptz, '2027-02-14', 16, '1 hour', 'alice') AS held \gset
UPDATE arbiter_reservation SET expires_at = '2026-01-01' WHERE reservation_id = :held;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-02-13'::timestamptz, '2027-02-14', 100, 'bob')$$);
SELECT arbiter_hold('quota.gpu', '2027-02-15'::timestamptz, '2027-02-16', 16, '1 hour', 'alice') AS held \gset
UPDATE arbiter_reservation SET expires_at = '2026-01-01' WHERE reservation_id = :held;
SELECT arbiter_expire(1000) >= 1 AS marked;
SELECT * FROM left_of('alice', '2027-02-12', '2027-02-20') WHERE resource = 'quota.gpu';
-- a hold that is confirmed stays
SELECT arbiter_hold('quota.gpu', '2027-02-17'::timestamptz, '2027-02-18', 16, '1 hour', 'alice') AS held \gset
SELECT FROM arbiter_confirm(:held);
SELECT * FROM left_of('alice', '2027-02-17', '2027-02-18') WHERE resource = 'quota.gpu';
SELECT * FROM quota_damage;

--
-- Several resources, spans, batches and series
--
SELECT FROM arbiter_set_quota('carol', 10, resource_type => 'quota.gpu');
SELECT * FROM outcome($$SELECT arbiter_reserve_all('{"quota.gpu": 6, "quota.gpu2": 5}', '2027-04-01', '2027-04-02', 'carol')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve_all('{"quota.gpu": 5, "quota.gpu2": 5}', '2027-04-01', '2027-04-02', 'carol')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve_spans('quota.gpu', '{[2027-03-30,2027-04-01), [2027-04-01 12:00,2027-04-03)}', 1, 'carol')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve_spans('quota.gpu', '{[2027-03-30,2027-04-01), [2027-04-02,2027-04-03)}', 4, 'carol')$$);
SELECT * FROM left_of('carol', '2027-03-25', '2027-04-05');
SELECT request, granted, reason, message, limiting_time, available, earliest_start, largest_amount
FROM arbiter_reserve_many('[
	{"resource": "quota.gpu", "start_time": "2027-04-02", "end_time": "2027-04-04", "amount": 4, "user_id": "carol"},
	{"resource": "quota.gpu2", "start_time": "2027-04-02", "end_time": "2027-04-04", "amount": 3, "user_id": "carol"},
	{"resource": "quota.gpu2", "start_time": "2027-04-02", "end_time": "2027-04-04", "amount": 3, "user_id": "dave"},
	{"resource": "quota.gpu2", "start_time": "2027-04-03", "end_time": "2027-04-04", "amount": 11, "user_id": "carol"},
	{"resource": "quota.gpu2", "start_time": "2027-04-02", "end_time": "2027-04-04", "amount": 2, "user_id": "carol"},
	{"resource": "quota.gpu2", "start_time": "2027-04-02", "end_time": "2027-04-04", "amount": 99, "user_id": "carol"}]');
SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE reason = 'RV010')
FROM arbiter_reserve_many((SELECT jsonb_agg(jsonb_build_object('resource', 'quota.gpu', 'start_time', '2027-04-10',
	'end_time', '2027-04-11', 'amount', 1, 'user_id', 'carol')) FROM generate_series(1, 30)));
SELECT occurrence, granted, reason FROM arbiter_reserve_series('quota.gpu', 6, '1 day', 'FREQ=DAILY;COUNT=4',
	'2027-04-09', 'UTC', user_id => 'carol');
SELECT occurrence, granted, reason FROM arbiter_reserve_series('quota.gpu', 6, '1 day', 'FREQ=DAILY;COUNT=4',
	'2027-04-09', 'UTC', skip_conflicts => true, user_id => 'carol');
SELECT * FROM left_of('carol', '2027-04-05', '2027-04-15');
SELECT * FROM quota_damage;

--
-- A group, and several quotas at once: all of them must allow it
--
SELECT FROM arbiter_set_quota('lab', 20, resource_type => 'quota.gpu', subject_kind => 'group');
SELECT FROM arbiter_add_member('lab', 'carol');
SELECT FROM arbiter_add_member('lab', 'erin');
SELECT FROM arbiter_add_member('lab', 'erin');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-05-01'::timestamptz, '2027-05-02', 15, 'erin')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-05-01'::timestamptz, '2027-05-02', 6, 'carol')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-05-03'::timestamptz, '2027-05-04', 11, 'carol')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-05-01'::timestamptz, '2027-05-02', 5, 'carol')$$);
SELECT * FROM left_of('lab', '2027-05-01', '2027-05-04', 'group');
SELECT quota_of, allocated, used, available, start_time, end_time
FROM arbiter_quota_calendar('carol', '2027-05-01', '2027-05-04', '1 day') ORDER BY 1, 5;
SELECT FROM arbiter_drop_member('lab', 'carol');
SELECT * FROM left_of('lab', '2027-05-01', '2027-05-04', 'group');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-05-01'::timestamptz, '2027-05-02', 5, 'erin')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2027-05-01'::timestamptz, '2027-05-02', 1, 'erin')$$);
SELECT * FROM outcome($$SELECT arbiter_drop_member('lab', 'carol')$$);
SELECT * FROM quota_damage;

--
-- Everything together
--
SELECT FROM arbiter_set_quota('frank', 3);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.cpu', '2027-05-01'::timestamptz, '2027-05-02', 2, 'frank')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-05-01'::timestamptz, '2027-05-02', 2, 'frank')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-05-01'::timestamptz, '2027-05-02', 1, 'frank')$$);

--
-- Limits that change over time
--
SELECT FROM arbiter_set_quota('gina', 4, resource => 'quota.gpu', start_time => '2027-06-01', end_time => '2027-07-01');
SELECT FROM arbiter_set_quota('gina', 8, resource => 'quota.gpu', start_time => '2027-06-15');
SELECT l.during, l.amount FROM arbiter_quota_limit l JOIN arbiter_quota q USING (quota_id) WHERE q.subject = 'gina' ORDER BY 1;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-05-20'::timestamptz, '2027-06-01', 90, 'gina')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-06-10'::timestamptz, '2027-06-20', 5, 'gina')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-06-15'::timestamptz, '2027-06-20', 5, 'gina')$$);
SELECT * FROM left_of('gina', '2027-05-01', '2027-08-01');
-- a limit below what is used stays: nothing new is granted until that is over
SELECT FROM arbiter_set_quota('gina', 3, resource => 'quota.gpu', start_time => '2027-06-15', end_time => '2027-07-01');
SELECT * FROM left_of('gina', '2027-06-10', '2027-07-10');
SELECT reservation_id AS ginas FROM arbiter_reservation WHERE user_id = 'gina' AND amount = 5 \gset
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-06-15'::timestamptz, '2027-06-16', 1, 'gina')$$);
SELECT * FROM outcome(format('SELECT arbiter_resize(%s, 4)', :ginas));
SELECT * FROM outcome(format('SELECT arbiter_resize(%s, 5)', :ginas));
SELECT FROM arbiter_set_quota('gina', NULL, resource => 'quota.gpu', start_time => '2027-06-18', end_time => '2027-06-19');
SELECT * FROM left_of('gina', '2027-06-10', '2027-07-10');
SELECT * FROM quota_damage;

--
-- Plain SQL is held to it
--
SELECT FROM arbiter_set_quota('henry', 5, resource => 'quota.gpu');
SELECT * FROM outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (%s, ''[2027-05-01, 2027-05-02)'', 6, ''henry'')', id_of('quota.gpu')));
SELECT * FROM outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (%s, ''[2027-05-01, 2027-05-02)'', 5, ''henry'')', id_of('quota.gpu')));
SELECT * FROM outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (%s, ''[2027-05-01, 2027-05-02)'', 1, ''henry'')', id_of('quota.gpu')));
SELECT * FROM outcome($$UPDATE arbiter_reservation SET user_id = 'henry' WHERE user_id = 'bob'$$);
SELECT * FROM outcome($$UPDATE arbiter_reservation SET amount = 6 WHERE user_id = 'henry'$$);
SELECT * FROM outcome($$UPDATE arbiter_reservation SET status = 'cancelled' WHERE user_id = 'henry'$$);
SELECT * FROM left_of('henry', '2027-05-01', '2027-05-02');
SELECT * FROM outcome($$UPDATE arbiter_reservation SET status = 'confirmed' WHERE user_id = 'henry'$$);
SELECT * FROM left_of('henry', '2027-05-01', '2027-05-02');
SELECT * FROM outcome($$DELETE FROM arbiter_reservation WHERE user_id = 'henry'$$);
SELECT * FROM left_of('henry', '2027-05-01', '2027-05-02');
SELECT * FROM quota_damage;
-- a row cannot be of the quota itself, whose timeline has an id below zero
SELECT regexp_replace(o, 'id -\d+', 'id <id>') FROM outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (%s, ''[2027-05-01, 2027-05-02)'', 1, ''zoe'')', - :alices)) o;
SELECT regexp_replace(o, 'id -\d+', 'id <id>') FROM outcome(format('INSERT INTO arbiter_capacity (resource_id, during, amount) VALUES (%s, ''[2027-05-01, 2027-05-02)'', 1)', - :alices)) o;
SELECT * FROM outcome($$INSERT INTO arbiter_resource (resource_id, name) VALUES (-1, 'quota.below')$$);
SELECT * FROM quota_damage;
-- but the tables of quotas are for the functions
SELECT * FROM outcome($$INSERT INTO arbiter_quota (subject, subject_kind, measure) VALUES ('x', 'user', 'amount')$$);
SELECT * FROM outcome($$UPDATE arbiter_quota_limit SET amount = 100$$);
SELECT * FROM outcome($$DELETE FROM arbiter_group_member$$);

--
-- An integral over windows
--
SELECT FROM arbiter_set_quota('ines', 500, 'unit_hours', resource => 'quota.gpu', tz => 'Europe/London');
-- 10 units for 48 hours, of which one hour is in February
SELECT arbiter_reserve('quota.gpu', '2027-01-30 01:00'::timestamptz, '2027-02-01 01:00', 10, 'ines') AS over_border \gset
SELECT * FROM left_of('ines', '2027-01-15', '2027-03-15');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-10 00:00'::timestamptz, '2027-01-10 03:01', 10, 'ines')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-10 00:00'::timestamptz, '2027-01-10 03:00', 10, 'ines')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-31 22:00'::timestamptz, '2027-02-01 02:00', 10, 'ines')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-01-31 22:00'::timestamptz, '2027-02-20 02:00', 10, 'ines')$$);
SELECT granted, reason, message, limiting_time, available, earliest_start, largest_amount, limiting_resource
FROM arbiter_try_reserve('quota.gpu', '2027-02-10'::timestamptz, '2027-02-20', 3, 'ines');
-- what is given back is given back to its windows
SELECT * FROM outcome(format('SELECT arbiter_move(%s, ''2027-02-03'')', :over_border));
SELECT * FROM left_of('ines', '2027-01-15', '2027-03-15');
SELECT * FROM outcome(format('SELECT arbiter_truncate(%s, ''2027-02-04 06:30'')', :over_border));
SELECT * FROM left_of('ines', '2027-01-15', '2027-03-15');
SELECT FROM arbiter_cancel(:over_border);
SELECT * FROM left_of('ines', '2027-01-15', '2027-03-15');
-- March in London has 743 hours, and the clock changes on the 28th
SELECT FROM arbiter_set_quota('jack', 23, 'unit_hours', 'day', tz => 'Europe/London');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-03-28 00:00 Europe/London'::timestamptz, '2027-03-29 00:00 Europe/London', 1, 'jack')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-03-29 00:00 Europe/London'::timestamptz, '2027-03-30 00:00 Europe/London', 1, 'jack')$$);
SELECT * FROM left_of('jack', '2027-03-27 12:00', '2027-03-30 12:00');
-- where clocks go back at one o'clock, midnight comes twice; where they go forward at
-- midnight, there is none
SELECT FROM arbiter_set_quota('tess', 100, 'unit_hours', 'day', tz => 'America/Havana');
SELECT FROM arbiter_set_quota('tess', 100, 'unit_hours', 'month', tz => 'Asia/Beirut');
SELECT arbiter_reserve('quota.gpu', '2027-11-06 17:00'::timestamptz, '2027-11-08 17:00', 2, 'tess') > 0 AS granted;
SELECT * FROM left_of('tess', '2027-11-06 12:00', '2027-11-09 12:00') WHERE per = 'day';
SELECT arbiter_reserve('quota.gpu', '2027-11-07 04:30'::timestamptz, '2027-11-07 04:45', 4, 'tess') > 0 AS granted;
SELECT arbiter_reserve('quota.gpu', '2027-11-07 05:30'::timestamptz, '2027-11-07 05:45', 8, 'tess') > 0 AS granted;
SELECT * FROM left_of('tess', '2027-11-06 12:00', '2027-11-09 12:00') WHERE per = 'day';
SELECT arbiter_reserve('quota.gpu', '2027-03-27 12:00'::timestamptz, '2027-03-28 12:00', 2, 'tess') > 0 AS granted;
SELECT arbiter_reserve('quota.gpu', '2027-03-27 22:00'::timestamptz, '2027-03-27 22:30', 1, 'tess') > 0 AS granted;
SELECT * FROM quota_damage;
-- several windows and an amount at once
SELECT FROM arbiter_set_quota('jack', 100, 'unit_hours', 'week', resource => 'quota.gpu', tz => 'UTC');
SELECT FROM arbiter_set_quota('jack', 2);
SELECT FROM arbiter_set_quota('jack', 1000, 'unit_hours', 'quarter', tz => 'UTC');
SELECT FROM arbiter_set_quota('jack', 1000.5, 'unit_hours', 'year', tz => 'UTC');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-04-05 00:00'::timestamptz, '2027-04-10 00:00', 1, 'jack')$$);
SELECT FROM arbiter_set_quota('jack', NULL, 'unit_hours', 'day');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-04-05 00:00'::timestamptz, '2027-04-10 00:00', 1, 'jack')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-04-05 00:00'::timestamptz, '2027-04-09 04:00', 1, 'jack')$$);
SELECT quota_of, measure, per, start_time, end_time, allocated, used, available
FROM arbiter_quota_calendar('jack', '2027-04-05', '2027-04-12', '7 days') ORDER BY measure, per;
-- a reservation without an end is counted until 2200, in bounded time
SELECT FROM arbiter_set_capacity('quota.gpu2', '2029-01-01', 'infinity', 100);
SELECT arbiter_reserve('quota.gpu2', '2028-06-01'::timestamptz, 'infinity', 1, 'kate') AS endless \gset
SELECT FROM arbiter_set_quota('kate', 744, 'unit_hours', tz => 'Asia/Tokyo');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2100-01-01'::timestamptz, '2100-01-02', 1, 'kate')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2100-02-01'::timestamptz, '2100-02-02', 1, 'kate')$$);
SELECT FROM arbiter_cancel(:endless);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2028-06-01'::timestamptz, 'infinity', 1, 'kate')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu2', '2028-06-01'::timestamptz, 'infinity', 2, 'kate')$$);
SELECT * FROM quota_damage;

--
-- Evacuation
--
SELECT FROM arbiter_set_quota('lea', 3, resource => 'quota.gpu2');
SELECT FROM arbiter_set_quota('lea', 9, resource_type => 'quota.gpu');
SELECT FROM arbiter_reserve('quota.gpu', '2027-08-01'::timestamptz, '2027-08-03', 2, 'lea');
SELECT FROM arbiter_reserve('quota.gpu', '2027-08-01'::timestamptz, '2027-08-02', 3, 'lea');
SELECT FROM arbiter_reserve('quota.gpu', '2027-08-02'::timestamptz, '2027-08-03', 4, 'lea');
SELECT FROM arbiter_reserve('quota.gpu', '2027-08-02'::timestamptz, '2027-08-03', 1, 'mia');
SELECT user_id, during, amount, moved, reason, message, limiting_time, available
FROM arbiter_evacuate('quota.gpu', 'quota.gpu2', '2027-08-01', '2027-08-04', 'oldest');
SELECT * FROM left_of('lea', '2027-08-01', '2027-08-04');
SELECT * FROM quota_damage;

--
-- What changes besides: types, resources, rebuilt and truncated timelines
--
SELECT FROM arbiter_alter_resource('quota.gpu2', resource_type => 'quota.other');
SELECT * FROM left_of('lea', '2027-08-01', '2027-08-04');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-08-01'::timestamptz, '2027-08-04', 5, 'lea')$$);
UPDATE arbiter_resource SET resource_type = 'quota.gpu' WHERE name = 'quota.gpu2';
SELECT * FROM left_of('lea', '2027-08-01', '2027-08-04');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-08-01'::timestamptz, '2027-08-04', 1, 'lea')$$);
SELECT * FROM quota_damage;
SELECT FROM arbiter_create_resource('quota.brief');
SELECT FROM arbiter_set_capacity('quota.brief', '2027-01-01', '2028-01-01', 10);
SELECT FROM arbiter_set_quota('frank', 1, resource => 'quota.brief');
SELECT FROM arbiter_reserve('quota.brief', '2027-09-01'::timestamptz, '2027-09-02', 1, 'frank');
SELECT FROM arbiter_drop_resource('quota.brief', force => true);
SELECT * FROM left_of('frank', '2027-09-01', '2027-09-02');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-09-01'::timestamptz, '2027-09-02', 3, 'frank')$$);
SELECT arbiter_rebuild_quota(quota_id) > 0 FROM arbiter_quota WHERE subject = 'frank';
SELECT * FROM outcome($$SELECT arbiter_rebuild_quota(0)$$);
SELECT * FROM quota_damage;

-- what arbiter_check() sees of a quota, and what repairs it
BEGIN;
UPDATE arbiter_timeline SET base = base - 1 WHERE resource_id = - :alices AND steps <> '{}';
SELECT problem, count(*) > 0 AS found FROM quota_damage GROUP BY problem;
SELECT arbiter_rebuild_quota(:alices) > 0 AS rebuilt;
SELECT * FROM quota_damage;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_reservation DISABLE TRIGGER USER;
UPDATE arbiter_reservation SET amount = amount + 1 WHERE user_id = 'ines' AND status = 'confirmed';
SELECT DISTINCT problem, expected - found AS missed FROM quota_damage;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_quota_limit DISABLE TRIGGER USER;
UPDATE arbiter_quota_limit SET amount = amount + 2 WHERE quota_id = :alices;
SELECT DISTINCT problem, expected - found AS missed FROM quota_damage;
DELETE FROM arbiter_quota_limit WHERE quota_id = :alices;
INSERT INTO arbiter_quota_limit VALUES (1000000, '[2027-01-01, 2027-01-02)', 1);
SELECT DISTINCT problem FROM quota_damage ORDER BY 1;
ROLLBACK;
SELECT arbiter_rebuild_quota(quota_id) > 0 AS rebuilt FROM arbiter_quota WHERE subject = 'lab';
BEGIN;
ALTER TABLE arbiter_group_member DISABLE TRIGGER USER;
INSERT INTO arbiter_group_member VALUES ('lab', 'bob');
SELECT DISTINCT problem FROM quota_damage;
ROLLBACK;
BEGIN;
ALTER TABLE arbiter_quota DISABLE TRIGGER USER;
DELETE FROM arbiter_quota WHERE quota_id = :alices;
SELECT DISTINCT problem FROM quota_damage ORDER BY 1;
ROLLBACK;
SELECT * FROM quota_damage;

--
-- COPY: held to what is built, and counted by what is not
--
INSERT INTO arbiter_resource (resource_id, name) VALUES (9701, 'quota.copied'), (9702, 'quota.loaded');
SELECT FROM arbiter_set_capacity('quota.copied', '2027-01-01', '2028-01-01', 100);
SELECT FROM arbiter_set_quota('olga', 5);
SELECT quota_id AS olgas FROM arbiter_quota WHERE subject = 'olga' \gset
-- not built: neither is refused
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9702	[2027-01-01,2027-01-02)	2	olga
9701	[2027-01-01,2027-01-02)	2	olga
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id = - :olgas;
SELECT * FROM left_of('olga', '2027-01-01', '2027-01-02');
SELECT arbiter_rebuild_quota(:olgas) > 0 AS built;
-- built: what goes to a resource that is built is refused, what is loaded is counted
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9701	[2027-01-01,2027-01-02)	2	olga
\.
COPY arbiter_reservation (resource_id, during, amount, user_id) FROM stdin;
9701	[2027-01-01,2027-01-02)	1	olga
9702	[2027-01-03,2027-01-04)	7	olga
9702	[2027-01-03,2027-01-04)	1	pia
\.
SELECT count(*) FROM arbiter_timeline WHERE resource_id = 9702;
SELECT * FROM left_of('olga', '2027-01-01', '2027-01-05');
SELECT * FROM quota_damage;
-- quotas, limits and members that are loaded count from then on
COPY arbiter_quota (quota_id, subject, subject_kind, measure) FROM stdin;
9701	copied	group	amount
\.
COPY arbiter_group_member (group_id, user_id) FROM stdin;
copied	olga
\.
COPY arbiter_quota_limit (quota_id, during, amount) FROM stdin;
9701	[,)	6
\.
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.copied', '2027-01-01'::timestamptz, '2027-01-05', 1, 'olga')$$);
SELECT * FROM left_of('copied', '2027-01-01', '2027-01-05', 'group');
-- TRUNCATE is for them too
BEGIN;
TRUNCATE arbiter_group_member;
SELECT arbiter_reserve('quota.copied', '2027-01-05'::timestamptz, '2027-01-06', 5, 'olga') > 0 AS granted;
SELECT * FROM left_of('copied', '2027-01-01', '2027-01-07', 'group');
TRUNCATE arbiter_quota, arbiter_quota_limit;
SELECT arbiter_reserve('quota.copied', '2027-01-05'::timestamptz, '2027-01-06', 50, 'olga') > 0 AS granted;
SELECT count(*) FROM arbiter_timeline WHERE resource_id < 0;
ROLLBACK;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.copied', '2027-01-05'::timestamptz, '2027-01-06', 50, 'olga')$$);
SELECT * FROM quota_damage;
-- what a savepoint takes back is not known any more
BEGIN;
SAVEPOINT s;
SELECT FROM arbiter_set_quota('quentin', 1);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.copied', '2027-01-05'::timestamptz, '2027-01-06', 2, 'quentin')$$);
ROLLBACK TO s;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.copied', '2027-01-05'::timestamptz, '2027-01-06', 2, 'quentin')$$);
ROLLBACK;

-- gaps that parts share, which are given back or taken again, do not count
SELECT FROM arbiter_set_quota('rita', 5, resource => 'quota.cpu');
SELECT arbiter_reserve_spans('quota.cpu', '{[2027-03-01 10:00,2027-03-01 11:00), [2027-03-01 12:00,2027-03-01 13:00), [2027-03-01 13:30,2027-03-01 15:00)}',
	2, 'rita') AS spans \gset
SELECT FROM arbiter_move(:spans, '2027-03-01 10:30');
SELECT * FROM quota_damage;
SELECT FROM arbiter_truncate(:spans, '2027-03-01 13:45');
SELECT * FROM left_of('rita', '2027-03-01 09:00', '2027-03-01 18:00');
SELECT * FROM quota_damage;

-- a share is held to a quota when it is reserved and changed; when capacity changes,
-- it is counted as it is then
SELECT FROM arbiter_create_resource('quota.shared');
SELECT FROM arbiter_set_capacity('quota.shared', '2027-01-01', '2027-02-01', 100);
SELECT FROM arbiter_set_capacity('quota.shared', '2027-02-01', '2027-03-01', 50);
SELECT FROM arbiter_set_quota('stan', 30, resource => 'quota.shared');
SELECT FROM arbiter_set_quota('stan', 8000, 'unit_hours', resource => 'quota.shared', tz => 'UTC');
SELECT * FROM outcome($$SELECT arbiter_reserve_share('quota.shared', 31, '2027-01-30', '2027-02-03', 'stan')$$);
SELECT arbiter_reserve_share('quota.shared', 20, '2027-01-30', '2027-02-03', 'stan') AS share \gset
SELECT * FROM left_of('stan', '2027-01-28', '2027-02-08');
SELECT * FROM outcome(format('SELECT arbiter_resize_share(%s, 40)', :share));
SELECT * FROM outcome(format('SELECT arbiter_resize_share(%s, 25)', :share));
SELECT * FROM outcome(format('SELECT arbiter_extend(%s, ''2027-02-05'')', :share));
SELECT * FROM left_of('stan', '2027-01-28', '2027-02-08');
SELECT * FROM quota_damage;
SELECT FROM arbiter_set_capacity('quota.shared', '2027-01-31', '2027-02-02', 200);
SELECT * FROM left_of('stan', '2027-01-28', '2027-02-08');
SELECT * FROM quota_damage;
SELECT FROM arbiter_cancel(:share);
SELECT * FROM left_of('stan', '2027-01-28', '2027-02-08');
SELECT * FROM quota_damage;

-- who may reserve is held to quotas, and cannot set any
CREATE ROLE regress_quota_booker;
GRANT EXECUTE ON FUNCTION arbiter_reserve(text, timestamptz, timestamptz, bigint, text, text, boolean) TO regress_quota_booker;
GRANT EXECUTE ON FUNCTION outcome(text, boolean) TO regress_quota_booker;
SET ROLE regress_quota_booker;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-12-01'::timestamptz, '2027-12-02', 17, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-12-01'::timestamptz, '2027-12-02', 16, 'alice')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('alice', NULL, resource => 'quota.gpu')$$);
SELECT * FROM outcome($$SELECT arbiter_add_member('lab', 'alice')$$);
SELECT * FROM outcome($$SELECT * FROM arbiter_quota$$);
RESET ROLE;
DROP OWNED BY regress_quota_booker;
DROP ROLE regress_quota_booker;

-- the use of now
SELECT FROM arbiter_create_resource('quota.now');
SELECT FROM arbiter_set_capacity('quota.now', '2020-01-01', 'infinity', 10);
SELECT FROM arbiter_set_quota('nora', 4, resource => 'quota.now');
SELECT FROM arbiter_reserve('quota.now', '2020-01-01'::timestamptz, 'infinity', 3, 'nora');
SELECT subject_kind, subject, resource, resource_type, measure, per, tz, allocated, used, available
FROM arbiter_quota_use WHERE subject = 'nora';

--
-- Refusals of definitions
--
SELECT * FROM outcome($$SELECT arbiter_set_quota(NULL, 1)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('', 1)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, 'hours')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, per => 'month')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, 'unit_hours', 'decade')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, 'unit_hours', tz => 'Europe/Nowhere')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, resource => 'quota.gpu', resource_type => 'quota.gpu')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, resource => 'quota.none')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, subject_kind => 'team')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', -1)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1.5)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 'NaN')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1e30)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1e10, 'unit_hours')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, start_time => '2027-01-02', end_time => '2027-01-01')$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1, start_time => NULL)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('ines', 1, 'unit_hours', resource => 'quota.gpu', tz => 'UTC')$$);
SELECT * FROM outcome($$SELECT arbiter_drop_quota('nobody')$$);
SELECT * FROM outcome($$SELECT arbiter_add_member('', 'x')$$);
SELECT * FROM outcome($$SELECT arbiter_add_member('x', NULL)$$);
SELECT * FROM outcome($$SELECT arbiter_set_quota('x', 1) FROM arbiter_reservation LIMIT 1$$);
SELECT * FROM outcome($$SELECT * FROM arbiter_quota_calendar('ines', '-infinity', 'infinity')$$);
-- and no quota of x was left
SELECT count(*) FROM arbiter_quota WHERE subject = 'x';

-- more than can be counted counts as much as can be: it is over every limit, and can be given back
BEGIN;
SELECT arbiter_create_resource('quota.disk', unit => 'MB') > 0, arbiter_create_resource('quota.disk2') > 0;
SELECT FROM arbiter_set_capacity('quota.disk', '2030-01-01', '2031-01-01', 9000000000000000000);
SELECT FROM arbiter_set_capacity('quota.disk2', '2030-01-01', '2031-01-01', 9000000000000000000);
SELECT arbiter_reserve('quota.disk', '2030-03-01'::timestamptz, '2030-04-01', 10000000, 'kim') AS month \gset
SELECT arbiter_reserve('quota.disk2', '2030-03-01'::timestamptz, '2030-03-02', 9000000000000000000, 'kim') AS day \gset
SELECT arbiter_set_quota('kim', 500, 'unit_hours', tz => 'UTC') > 0, arbiter_set_quota('kim', 5) > 0;
SELECT arbiter_set_quota('team', 5, 'unit_hours', subject_kind => 'group', tz => 'UTC') > 0, arbiter_add_member('team', 'kim'), arbiter_add_member('team', 'tiny');
SELECT reason, message, available, largest_amount FROM arbiter_try_reserve('quota.disk', '2030-06-01'::timestamptz, '2030-07-01', 10000000, 'kim');
SELECT reason, available, largest_amount FROM arbiter_try_reserve('quota.disk', '2030-06-01'::timestamptz, '2030-06-02', 10000000, 'tiny');
SELECT arbiter_reserve('quota.disk', '2030-06-01'::timestamptz, '2030-06-01 05:00', 1, 'tiny') > 0 AS granted;
SELECT reason FROM arbiter_try_reserve('quota.disk', '2030-03-01'::timestamptz, '2030-03-01 05:00', 1, 'tiny');
SELECT count(*) FROM arbiter_quota_use WHERE subject IN ('kim', 'team');
SELECT * FROM quota_damage;
SELECT arbiter_truncate(:month, '2030-03-02');
SELECT * FROM quota_damage;
SELECT arbiter_cancel(:day), arbiter_cancel(:month);
SELECT * FROM quota_damage;
SELECT arbiter_reserve('quota.disk', '2030-03-01'::timestamptz, '2030-03-01 01:00', 5, 'kim') > 0 AS granted;
ROLLBACK;
-- so a share that follows capacity keeps nobody from declaring it
BEGIN;
SELECT arbiter_create_resource('quota.grows') > 0, arbiter_set_quota('lee', 500, 'unit_hours', tz => 'UTC') > 0;
SELECT FROM arbiter_set_capacity('quota.grows', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve_share('quota.grows', 10, '2030-03-01', '2030-03-10', 'lee') > 0 AS granted;
SELECT FROM arbiter_set_capacity('quota.grows', '2030-01-01', '2031-01-01', 100000000);
SELECT amount FROM arbiter_reservation WHERE user_id = 'lee';
SELECT * FROM quota_damage;
ROLLBACK;
-- the largest amount is not told where it is not searched for
BEGIN;
SELECT arbiter_set_quota('mia', 25) > 0;
SELECT reason, available, largest_amount FROM arbiter_try_reserve('quota.gpu', '2028-04-01'::timestamptz, '2028-04-02', 26, 'mia');
SELECT reason, available, largest_amount FROM arbiter_try_reserve_share('quota.gpu', 30, '2028-04-01', '2028-04-02', 'mia');
SELECT reason, available, largest_amount FROM arbiter_try_reserve_all('{"quota.gpu": 20, "quota.gpu2": 6}', '2028-04-01', '2028-04-02', 'mia');
SELECT largest_amount FROM arbiter_denial WHERE user_id = 'mia' ORDER BY denial_id;
ROLLBACK;

-- dropped: nobody is limited
SELECT FROM arbiter_drop_quota('ines', 'unit_hours', resource => 'quota.gpu');
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-10-01'::timestamptz, '2027-10-20', 3, 'ines')$$);
SELECT count(arbiter_drop_quota(subject, measure, per,
	(SELECT name FROM arbiter_resource r WHERE r.resource_id = q.resource_id), resource_type, subject_kind)) > 10
FROM arbiter_quota q;
SELECT count(*) FROM arbiter_quota;
SELECT count(*) FROM arbiter_quota_limit;
SELECT count(*) FROM arbiter_timeline WHERE resource_id < 0;
SELECT * FROM outcome($$SELECT arbiter_reserve('quota.gpu', '2027-10-01'::timestamptz, '2027-10-20', 50, 'alice')$$);
SELECT c.* FROM arbiter_resource r, arbiter_check(r.name) c WHERE r.name LIKE 'quota.%';
SELECT count(arbiter_drop_resource(name, force => true)) > 5 AS dropped FROM arbiter_resource WHERE name LIKE 'quota.%';
DROP VIEW quota_damage;
DROP FUNCTION left_of;
