-- arbiter_reserve_series: every occurrence of a rule, and what becomes of them.
SET timezone TO 'Europe/London';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('series.room') > 0;
SELECT arbiter_set_capacity('series.room', '2030-01-01', '2031-06-01', 2);
CREATE FUNCTION rows_of(series bigint)
RETURNS TABLE (occurrence integer, during tstzrange, amount bigint, user_id text, status text)
LANGUAGE sql STABLE AS $$
	SELECT v.occurrence, v.during, v.amount, v.user_id, v.status
	FROM arbiter_reservation v WHERE v.series_id = series ORDER BY v.occurrence
$$;

-- every Tuesday at nine, over a change of clocks
CREATE TEMPORARY TABLE result AS
SELECT * FROM arbiter_reserve_series('series.room', 1, '2 hours', 'FREQ=WEEKLY;BYDAY=TU;COUNT=4', '2030-03-19 09:00', user_id => 'ann');
SELECT DISTINCT series_id AS ann FROM result \gset
SELECT occurrence, start_time, end_time, granted, reservation_id > 0, reason, message, limiting_time, available, earliest_start, largest_amount
FROM result ORDER BY occurrence;
SELECT * FROM rows_of(:ann);
SELECT r.name, s.rule, s.first_start, s.tz, s.duration, s.amount, s.user_id, s.created_at <= clock_timestamp(), s.request_key, s.request_fingerprint
FROM arbiter_series s JOIN arbiter_resource r USING (resource_id) WHERE series_id = :ann;
SELECT count(*) FROM arbiter_reservation v JOIN result r USING (reservation_id) WHERE v.series_id = r.series_id AND v.occurrence = r.occurrence
	AND v.during = tstzrange(r.start_time, r.end_time) AND v.part = 1;
-- the clocks of another place; a day is as long as it is there, hours are hours
SELECT occurrence, start_time, end_time, end_time - start_time FROM arbiter_reserve_series('series.room', 1, '1 day', 'FREQ=DAILY;COUNT=3', '2030-11-02 04:00+00', 'America/New_York');
SELECT occurrence, start_time, end_time FROM arbiter_reserve_series('series.room', 1, '24 hours', 'FREQ=DAILY;INTERVAL=2;COUNT=2', '2030-10-26 00:00');
SELECT occurrence, start_time, end_time FROM arbiter_reserve_series('series.room', 1, '1 month 1 hour', 'FREQ=YEARLY;COUNT=1', '2030-12-01 00:00');
-- a rule without end, up to an instant; cron; EXDATE
SELECT occurrence, start_time FROM arbiter_reserve_series('series.room', 1, '1 hour', '0 18 * * MON,FRI', '2030-06-01 00:00', until => '2030-06-14 18:00');
SELECT occurrence, start_time FROM arbiter_reserve_series('series.room', 1, '1 hour', E'RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20300708T070000', '2030-07-01 07:00');

-- one that does not fit: nothing is booked, and every occurrence says so
SELECT arbiter_reserve('series.room', '2030-04-02 10:00', '2030-04-02 10:30', 1) > 0;
SELECT series_id, occurrence, start_time, granted, reservation_id, reason, message, limiting_time, available, earliest_start, largest_amount
FROM arbiter_reserve_series('series.room', 1, '2 hours', 'FREQ=WEEKLY;COUNT=3', '2030-03-26 09:00', user_id => 'bob');
SELECT count(*) FROM booked('series.room') WHERE user_id = 'bob';
SELECT count(*) FROM arbiter_series WHERE user_id = 'bob';
-- unless told to skip it
CREATE TEMPORARY TABLE skipped AS
SELECT * FROM arbiter_reserve_series('series.room', 1, '2 hours', 'FREQ=WEEKLY;COUNT=3', '2030-03-26 09:00', skip_conflicts => true, user_id => 'bob');
SELECT DISTINCT series_id AS bob FROM skipped \gset
SELECT occurrence, start_time, granted, reservation_id > 0, reason, message, limiting_time, available, earliest_start, largest_amount FROM skipped ORDER BY occurrence;
SELECT * FROM rows_of(:bob);
-- nothing at all
SELECT series_id, occurrence, granted, reason FROM arbiter_reserve_series('series.room', 3, '2 hours', 'FREQ=WEEKLY;COUNT=2', '2030-03-26 09:00', skip_conflicts => true, user_id => 'carl');
SELECT count(*) FROM arbiter_series WHERE user_id = 'carl';
-- occurrences that are in each other's way
SELECT occurrence, granted, reason, limiting_time FROM arbiter_reserve_series('series.room', 2, '36 hours', 'FREQ=DAILY;COUNT=3', '2030-08-01 00:00', skip_conflicts => true, user_id => 'dora');
-- outside the schedule
SELECT occurrence, granted, reason, message FROM arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=MONTHLY;COUNT=3', '2031-04-15 09:00', skip_conflicts => true, user_id => 'dora');
SELECT d.user_id, d.during, d.amount, d.reason, d.limiting_time, d.available FROM arbiter_denial d WHERE denial_id > :before ORDER BY denial_id;

-- a request key is that of the series
CREATE TEMPORARY TABLE keyed AS
SELECT * FROM arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=WEEKLY;COUNT=3', '2030-09-03 09:00', user_id => 'eve', request_key => 'course');
SELECT DISTINCT series_id AS eve FROM keyed \gset
SELECT arbiter_cancel(reservation_id) FROM keyed WHERE occurrence = 2;
SELECT a.occurrence, a.granted, a.start_time, a.reservation_id = k.reservation_id, a.series_id = k.series_id
FROM arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=WEEKLY;COUNT=3', '2030-09-03 09:00', user_id => 'eve', request_key => 'course') a JOIN keyed k USING (occurrence)
ORDER BY occurrence;
SELECT regexp_replace(outcome, 'series \d+', 'series <id>') FROM outcome($$ SELECT arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=WEEKLY;COUNT=4', '2030-09-03 09:00', user_id => 'eve', request_key => 'course') $$);
SELECT count(*) FROM arbiter_series WHERE user_id = 'eve';
-- a refusal is not remembered
SELECT bool_or(granted) FROM arbiter_reserve_series('series.room', 9, '1 hour', 'FREQ=WEEKLY;COUNT=1', '2030-09-03 09:00', user_id => 'eve', request_key => 'other');
SELECT bool_or(granted) FROM arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=WEEKLY;COUNT=1', '2030-09-03 09:00', user_id => 'eve', request_key => 'other');

-- what cannot be asked for
SELECT outcome(format('SELECT arbiter_reserve_series(%s)', arguments)) FROM unnest(ARRAY[
	$$NULL, 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$, $$'series.room', NULL, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$,
	$$'series.room', 1, NULL, 'FREQ=DAILY;COUNT=1', '2030-01-01'$$, $$'series.room', 1, '1 hour', NULL, '2030-01-01'$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', NULL$$, $$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', NULL$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', skip_conflicts => NULL$$, $$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', user_id => NULL$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', tryout => NULL$$, $$'series.room', 0, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$,
	$$'series.room', 1, '0', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$, $$'series.room', 1, '-1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$,
	$$'series.room', 1, '9999 years', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$, $$'series.room', 1, '1 hour', 'FREQ=DAILY', '2030-01-01'$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY', '2030-01-01', until => 'infinity'$$, $$'series.room', 1, '1 hour', 'FREQ=DAILY', '2030-01-01', until => '2030-01-01'$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;BYMONTHDAY=32', '2030-01-01'$$, $$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', 'Europe/Nowhere'$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', 'infinity'$$, $$'series.nowhere', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01'$$,
	$$'series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-01-01', request_key => repeat('k', 3000)$$]) arguments;
SELECT arbiter_create_resource('series.grain', granularity => '1 hour', min_lead => '1 hour') > 0;
SELECT arbiter_set_capacity('series.grain', '2000-01-01', 'infinity', 2);
SELECT occurrence, granted, reason, message FROM arbiter_reserve_series('series.grain', 1, '1 hour', E'FREQ=DAILY;COUNT=2\nRDATE:20900105T093000,20900107T090000', '2090-01-01 09:00', skip_conflicts => true);
SELECT occurrence, granted, reason, message FROM arbiter_reserve_series('series.grain', 1, '1 hour', 'FREQ=YEARLY;INTERVAL=80;COUNT=2', '2010-01-01 09:00', skip_conflicts => true);

-- one occurrence: by its reservation_id, as any other
SELECT reservation_id AS second FROM result WHERE occurrence = 2 \gset
SELECT arbiter_move(:second, '2030-03-27 12:00');
-- this and later ones, by the clock: from nine to ten, from Tuesday to Wednesday
SELECT occurrence, start_time, end_time FROM arbiter_move_series(:ann, '1 hour', 2) ORDER BY occurrence;
SELECT occurrence, start_time FROM arbiter_move_series(:ann, '1 day -1 hour', 3) ORDER BY occurrence;
SELECT * FROM rows_of(:ann);
-- over a change of clocks nine stays nine
SELECT occurrence, start_time, end_time FROM arbiter_move_series(:ann, '-21 days') ORDER BY occurrence;
SELECT occurrence, start_time, end_time FROM arbiter_move_series(:ann, '21 days') ORDER BY occurrence;
SELECT occurrence, start_time FROM arbiter_move_series(:ann, '0') ORDER BY occurrence;
SELECT occurrence FROM arbiter_resize_series(:ann, 2, 4) ORDER BY occurrence;
SELECT * FROM rows_of(:ann);
-- all or nothing
SELECT regexp_replace(outcome, 'series \d+', 'series <id>') FROM outcome(format('SELECT arbiter_resize_series(%s, 3)', :ann));
SELECT regexp_replace(outcome, 'series \d+', 'series <id>') FROM outcome(format('SELECT arbiter_move_series(%s, %L)', :ann, '-1 year'));
SELECT regexp_replace(outcome, 'series \d+', 'series <id>') FROM outcome(format('SELECT arbiter_move_series(%s, %L)', :ann, '1000000 years'));
SELECT * FROM rows_of(:ann);
-- each may use what the others give back
SELECT arbiter_create_resource('series.one') > 0;
SELECT arbiter_set_capacity('series.one', '2030-01-01', '2030-01-10', 1);
SELECT DISTINCT series_id AS one FROM arbiter_reserve_series('series.one', 1, '1 day', 'FREQ=DAILY;COUNT=5', '2030-01-02') \gset
SELECT occurrence, start_time FROM arbiter_move_series(:one, '1 day') ORDER BY occurrence;
SELECT outcome(format('SELECT arbiter_move_series(%s, %L)', :one, '4 days'));
SELECT outcome(format('SELECT arbiter_move_series(%s, %L, 3)', :one, '-1 day'));
-- cancel later ones, then all that is left; what was cancelled is left alone
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE series_id = :one AND occurrence = 5;
SELECT occurrence, start_time FROM arbiter_cancel_series(:one, 4) ORDER BY occurrence;
SELECT occurrence, status FROM rows_of(:one);
SELECT regexp_replace(outcome, 'series \d+', 'series <id>') FROM outcome(format('SELECT arbiter_cancel_series(%s, 4)', :one));
SELECT count(*) FROM arbiter_cancel_series(:one);
SELECT arbiter_available('series.one', '2030-01-01', '2030-01-10');
SELECT outcome(c) FROM unnest(ARRAY['SELECT arbiter_cancel_series(NULL)', 'SELECT arbiter_cancel_series(-1)', 'SELECT arbiter_cancel_series(1, NULL)',
	'SELECT arbiter_move_series(NULL, ''1 day'')', 'SELECT arbiter_move_series(-1, ''1 day'')', 'SELECT arbiter_move_series(1, NULL)', 'SELECT arbiter_move_series(1, ''1 day'', NULL)',
	'SELECT arbiter_resize_series(NULL, 1)', 'SELECT arbiter_resize_series(-1, 1)', 'SELECT arbiter_resize_series(1, NULL)', 'SELECT arbiter_resize_series(1, 0)', 'SELECT arbiter_resize_series(1, 1, NULL)']) c;

-- moved, an occurrence lasts what the series says, also while clocks change
SELECT arbiter_create_resource('series.clock') > 0;
SELECT arbiter_set_capacity('series.clock', '2029-01-01', '2032-01-01', 10);
CREATE FUNCTION lasting(series bigint) RETURNS TABLE (occurrence integer, start_time timestamptz, lasts interval, amount bigint) LANGUAGE sql STABLE AS $$
	SELECT v.occurrence, lower(v.during), upper(v.during) - lower(v.during), v.amount
	FROM arbiter_reservation v WHERE v.series_id = series AND v.status = 'confirmed' ORDER BY v.occurrence, v.part
$$;
SELECT DISTINCT series_id AS spring FROM arbiter_reserve_series('series.clock', 1, '2 hours', 'FREQ=DAILY;COUNT=3', '2030-03-30 00:00', 'Europe/London') \gset
SELECT count(*) FROM arbiter_move_series(:spring, '1 hour');
SELECT * FROM lasting(:spring);
SELECT count(*) FROM arbiter_move_series(:spring, '-1 hour');
SELECT * FROM lasting(:spring);
SELECT DISTINCT series_id AS autumn FROM arbiter_reserve_series('series.clock', 1, '2 hours', 'FREQ=DAILY;COUNT=3', '2030-10-26 00:00', 'Europe/London') \gset
SELECT count(*) FROM arbiter_move_series(:autumn, '1 hour');
SELECT * FROM lasting(:autumn);
SELECT count(*) FROM arbiter_move_series(:autumn, '-1 hour');
SELECT * FROM lasting(:autumn);
-- days are those of the calendar: of 23, 24 and 25 hours
SELECT DISTINCT series_id AS days FROM arbiter_reserve_series('series.clock', 1, '1 day', 'FREQ=DAILY;COUNT=3', '2030-03-30 00:00', 'Europe/London') \gset
SELECT * FROM lasting(:days);
SELECT count(*) FROM arbiter_move_series(:days, '210 days');
SELECT * FROM lasting(:days);
-- months: the last of a month is the last of a shorter one
SELECT DISTINCT series_id AS month FROM arbiter_reserve_series('series.clock', 1, '1 day', 'FREQ=DAILY;COUNT=4', '2030-01-28 00:00', 'Europe/London') \gset
SELECT count(*) FROM arbiter_move_series(:month, '1 month');
SELECT * FROM lasting(:month);
-- one that was changed by itself keeps its own length, and its parts theirs
SELECT reservation_id AS id FROM arbiter_reservation WHERE series_id = :days AND occurrence = 2 \gset
SELECT arbiter_extend(:id, '2030-10-28 06:00');
SELECT reservation_id AS id FROM arbiter_reservation WHERE series_id = :days AND occurrence = 3 \gset
SELECT arbiter_resize(:id, 3, from_time => '2030-10-28 22:00');
SELECT * FROM lasting(:days);
SELECT count(*) FROM arbiter_move_series(:days, '-1 day');
SELECT * FROM lasting(:days);
SELECT count(*) FROM arbiter_move_series(:days, '1 day');
SELECT * FROM lasting(:days);

-- what was sublet of an occurrence has to go with it, unless forced
SELECT arbiter_sublet(:id, 'series.child') > 0;
SELECT arbiter_reserve('series.child', '2030-10-28 22:30', '2030-10-28 23:00', 3) > 0;
SELECT outcome(format('SELECT arbiter_cancel_series(%s)', :days));
SELECT outcome(format('SELECT arbiter_move_series(%s, %L)', :days, '-1 day'));
SELECT outcome(format('SELECT arbiter_resize_series(%s, 1)', :days));
SELECT outcome(format('SELECT arbiter_cancel_series(%s, force => NULL)', :days));
SELECT count(*) FROM arbiter_resize_series(:days, 2, force => true);
SELECT count(*) FROM arbiter_conflicts('series.child');
SELECT count(*) FROM arbiter_move_series(:days, '-1 day', force => true);
SELECT count(*) FROM arbiter_cancel_series(:days, force => true);
SELECT count(*) FROM arbiter_capacity WHERE resource_id = id_of('series.child');
SELECT arbiter_drop_resource('series.child', force => true);
DROP FUNCTION lasting(bigint);

-- a key is that of a series or of a reservation, not of both
CREATE FUNCTION told(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(outcome, '(series|reservation) \d+', '\1 <id>', 'g') FROM outcome(query)
$$;
SELECT arbiter_reserve('series.clock', '2031-01-01', '2031-01-02', 1, 'gil', 'one') > 0;
SELECT told($$ SELECT arbiter_reserve_series('series.clock', 1, '1 day', 'FREQ=DAILY;COUNT=1', '2031-01-01', user_id => 'gil', request_key => 'one') $$);
SELECT DISTINCT series_id AS gil FROM arbiter_reserve_series('series.clock', 1, '1 day', 'FREQ=DAILY;COUNT=2', '2031-01-01', user_id => 'gil', request_key => 'many') \gset
SELECT told($$ SELECT arbiter_reserve('series.clock', '2031-01-01', '2031-01-02', 1, 'gil', 'many') $$);
SELECT told($$ SELECT arbiter_hold('series.clock', '2031-01-01', '2031-01-02', 1, '1 hour', 'gil', 'many') $$);
SELECT granted, reason, regexp_replace(message, '\d+', '<id>') FROM arbiter_reserve_many('[{"resource": "series.clock", "start_time": "2031-01-01", "end_time": "2031-01-02", "amount": 1, "user_id": "gil", "request_key": "many"}]');
SELECT arbiter_reserve('series.clock', '2031-01-01', '2031-01-02', 1, 'hal', 'many') AS hal \gset
SELECT told(format('SELECT arbiter_transfer(%s, %L)', :hal, 'gil'));

-- what is left of a series when its resource is dropped
SELECT arbiter_create_resource('series.gone') > 0, arbiter_create_resource('series.stays') > 0;
SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 1) FROM unnest(ARRAY['series.gone', 'series.stays']) name;
SELECT DISTINCT series_id AS gone FROM arbiter_reserve_series('series.gone', 1, '1 day', 'FREQ=DAILY;COUNT=2', '2030-01-01') \gset
SELECT DISTINCT series_id AS stays FROM arbiter_reserve_series('series.gone', 1, '1 day', 'FREQ=DAILY;COUNT=2', '2030-02-01') \gset
UPDATE arbiter_reservation SET resource_id = id_of('series.stays') WHERE series_id = :stays AND occurrence = 2;
SELECT arbiter_drop_resource('series.gone', force => true);
SELECT series_id = :stays FROM arbiter_series WHERE series_id IN (:gone, :stays);
SELECT occurrence, start_time FROM arbiter_move_series(:stays, '1 day');
SELECT arbiter_cancel_series(:stays) IS NOT NULL;

-- plain SQL on the rows of a series is held to capacity like any other
SELECT outcome(format('UPDATE arbiter_reservation SET amount = 3 WHERE series_id = %s', :ann));
SELECT outcome(format('UPDATE arbiter_reservation SET user_id = %L WHERE series_id = %s', 'fay', :ann));
SELECT outcome(format('DELETE FROM arbiter_reservation WHERE series_id = %s AND occurrence = 1', :ann));
SELECT outcome(format('UPDATE arbiter_reservation SET occurrence = NULL WHERE series_id = %s AND occurrence = 2', :ann));
SELECT occurrence FROM arbiter_cancel_series(:ann) ORDER BY occurrence NULLS LAST;
SELECT outcome($$ UPDATE arbiter_reservation SET series_id = -5, occurrence = 1 WHERE user_id = 'fay' AND status = 'cancelled' $$);
SELECT outcome($$ SELECT arbiter_cancel_series(-5) $$);

-- users' triggers
CREATE FUNCTION series_double() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	new.amount := new.amount * 2;
	RETURN new;
END $$;
CREATE TRIGGER series_double BEFORE INSERT ON arbiter_reservation FOR EACH ROW
	WHEN (new.occurrence = 2) EXECUTE FUNCTION series_double();
SELECT DISTINCT series_id AS double FROM arbiter_reserve_series('series.one', 1, '1 hour', 'FREQ=DAILY;COUNT=3', '2030-01-02', skip_conflicts => true) \gset
SELECT occurrence, amount FROM rows_of(:double);
DROP TRIGGER series_double ON arbiter_reservation;
DROP FUNCTION series_double();

-- privileges
CREATE ROLE series_nobody;
SET ROLE series_nobody;
SELECT outcome($$ SELECT arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-02-01') $$);
SELECT outcome($$ SELECT arbiter_cancel_series(1) $$);
SELECT outcome($$ SELECT arbiter_move_series(1, '1 day') $$);
SELECT outcome($$ SELECT arbiter_resize_series(1, 1) $$);
SELECT outcome($$ SELECT * FROM arbiter_series $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_reserve_series, arbiter_cancel_series TO series_nobody;
SET ROLE series_nobody;
SELECT DISTINCT series_id AS nobody FROM arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=2', '2030-02-01') \gset
SELECT occurrence FROM arbiter_cancel_series(:nobody) ORDER BY 1;
RESET ROLE;
SELECT occurrence, user_id, status FROM rows_of(:nobody);
REVOKE ALL ON FUNCTION arbiter_reserve_series, arbiter_cancel_series FROM series_nobody;
DROP ROLE series_nobody;
BEGIN READ ONLY;
SELECT arbiter_reserve_series('series.room', 1, '1 hour', 'FREQ=DAILY;COUNT=1', '2030-02-01');
ROLLBACK;
BEGIN READ ONLY;
SELECT arbiter_cancel_series(:bob);
ROLLBACK;

-- at random: a model that books, moves, resizes and cancels hour by hour
SELECT arbiter_create_resource('series.random') > 0;
SELECT arbiter_set_capacity('series.random', '2030-01-01 00:00', '2030-01-15 00:00', 4);
SELECT setseed(0.75);
DO $$
DECLARE
	zero timestamptz := '2030-01-01 00:00';
	free integer[] := array_fill(4, ARRAY[336]);
	after integer[];
	answer record;
	victim record;
	first integer;
	step integer;
	number integer;
	hours integer;
	wanted integer;
	skip boolean;
	fits boolean;
	granted integer := 0;
	refused integer := 0;
	changed integer := 0;
	unchanged integer := 0;
	start integer;
BEGIN
	FOR round IN 1 .. 70 LOOP
		first := floor(random() * 300); step := 1 + floor(random() * 40); number := 1 + floor(random() * 6);
		hours := 1 + floor(random() * 12); wanted := 1 + floor(random() * 2); skip := random() < 0.5;
		after := free;
		FOR answer IN SELECT * FROM arbiter_reserve_series('series.random', wanted, hours * interval '1 hour',
			format('FREQ=HOURLY;INTERVAL=%s;COUNT=%s', step, number), zero + first * interval '1 hour', skip_conflicts => skip) ORDER BY occurrence
		LOOP
			start := first + (answer.occurrence - 1) * step;
			fits := start + hours <= 336 AND NOT EXISTS (SELECT FROM generate_series(start + 1, start + hours) h WHERE after[h] < wanted);
			IF answer.start_time <> zero + start * interval '1 hour' OR answer.granted AND NOT fits
				OR NOT answer.granted AND (answer.reason IS NOT NULL AND fits OR skip AND answer.reason IS NULL) THEN
				RAISE EXCEPTION 'round %: %', round, answer;
			END IF;
			IF fits THEN
				FOR h IN start + 1 .. start + hours LOOP after[h] := after[h] - wanted; END LOOP;
			END IF;
			IF answer.granted THEN granted := granted + 1; ELSE refused := refused + 1; END IF;
		END LOOP;
		-- what there is now, by the rows
		SELECT array_agg(4 - coalesce((SELECT sum(v.amount) FROM arbiter_reservation v WHERE v.resource_id = id_of('series.random') AND v.status = 'confirmed'
			AND v.during @> zero + (h - 1) * interval '1 hour'), 0)::integer ORDER BY h) INTO free FROM generate_series(1, 336) h;
		IF EXISTS (SELECT FROM unnest(free) f WHERE f < 0) THEN RAISE EXCEPTION 'round %: oversold', round; END IF;
		-- and change one
		SELECT s.series_id, s.occurrence + floor(random() * 2)::integer AS number INTO victim FROM (
			SELECT v.series_id, min(v.occurrence) AS occurrence FROM arbiter_reservation v
			WHERE v.resource_id = id_of('series.random') AND v.status = 'confirmed' GROUP BY v.series_id ORDER BY v.series_id) s
		ORDER BY random() LIMIT 1;
		CONTINUE WHEN victim IS NULL;
		step := floor(random() * 30) - 15; wanted := 1 + floor(random() * 2);
		BEGIN
			CASE floor(random() * 3)::integer
				WHEN 0 THEN PERFORM arbiter_cancel_series(victim.series_id, victim.number);
				WHEN 1 THEN PERFORM arbiter_resize_series(victim.series_id, wanted, victim.number);
				ELSE PERFORM arbiter_move_series(victim.series_id, step * interval '1 hour', victim.number);
			END CASE;
			changed := changed + 1;
		EXCEPTION WHEN SQLSTATE 'RV001' OR SQLSTATE 'RV002' OR SQLSTATE 'RV008' THEN
			unchanged := unchanged + 1;
		END;
		SELECT array_agg(4 - coalesce((SELECT sum(v.amount) FROM arbiter_reservation v WHERE v.resource_id = id_of('series.random') AND v.status = 'confirmed'
			AND v.during @> zero + (h - 1) * interval '1 hour'), 0)::integer ORDER BY h) INTO free FROM generate_series(1, 336) h;
		IF EXISTS (SELECT FROM unnest(free) f WHERE f < 0) THEN RAISE EXCEPTION 'round %: oversold by a change', round; END IF;
	END LOOP;
	IF granted < 40 OR refused < 40 OR changed < 20 OR unchanged < 5 THEN
		RAISE EXCEPTION 'not much of a test: % % % %', granted, refused, changed, unchanged;
	END IF;
END $$;
SELECT c.* FROM arbiter_resource r CROSS JOIN LATERAL arbiter_check(r.name) c WHERE r.name LIKE 'series.%';
SELECT * FROM timeline_differences('series.random', '2030-01-01', '2030-01-15');
DROP FUNCTION rows_of(bigint);
DROP FUNCTION told(text);
