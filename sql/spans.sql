-- arbiter_reserve_spans: several spans of one resource, one reservation.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('spans.room') > 0;
SELECT arbiter_set_capacity('spans.room', '2030-01-01', '2030-03-01', 4);

-- the rows of a reservation, part by part
CREATE FUNCTION parts(id bigint)
RETURNS TABLE (part integer, during tstzrange, occupied tstzrange, amount bigint, user_id text, status text)
LANGUAGE sql STABLE AS $$
	SELECT v.part, v.during, v.occupied, v.amount, v.user_id, v.status
	FROM arbiter_reservation v WHERE v.reservation_id = id ORDER BY v.part
$$;

-- one id, a part for each span in the order of time; what touches is one span
SELECT arbiter_reserve_spans('spans.room', '{[2030-01-09 22:00, 2030-01-10 06:00), [2030-01-07 22:00, 2030-01-08 06:00), [2030-01-08 22:00, 2030-01-09 01:00), [2030-01-09 01:00, 2030-01-09 06:00)}', 3, 'ann') AS id \gset
SELECT * FROM parts(:id);
SELECT resources, start_time, end_time, status, user_id FROM arbiter_booking WHERE reservation_id = :id;
SELECT lower(during), upper(during), reserved FROM arbiter_timeline('spans.room', '2030-01-07', '2030-01-11');
-- all bounds are made half-open
SELECT arbiter_reserve_spans(resource => 'spans.room', amount => 1,
	spans => '{(2030-01-12 00:00, 2030-01-12 01:00], [2030-01-13 00:00, 2030-01-13 00:00]}') AS other \gset
SELECT part, during, amount FROM parts(:other);
SELECT arbiter_cancel(:other);

-- one span too few: nothing at all; which span, and what would fit
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08 12:00, 2030-01-08 14:00), [2030-01-09 00:00, 2030-01-09 04:00), [2030-01-20, 2030-01-21)}', 2) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08 12:00, 2030-01-08 14:00), [2030-01-20, 2030-01-21)}', 5) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-02-08 12:00, 2030-02-08 14:00), [2030-02-28 12:00, 2030-03-01 12:00)}', 2) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08 12:00, 2030-01-08 14:00), [2030-02-20, infinity)}', 2) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08 12:00, 2030-01-08 14:00), [2030-02-20,)}', 2) $$);
SELECT count(*), arbiter_available('spans.room', '2030-01-20', '2030-02-20') FROM booked('spans.room') WHERE status = 'confirmed';

-- the earliest start is that at which all spans fit, moved alike: not one of a list
SELECT arbiter_create_resource('spans.one') > 0;
SELECT arbiter_set_capacity('spans.one', '2030-01-01', '2030-01-11', 1);
SELECT count(arbiter_reserve('spans.one', s, e, 1)) FROM (VALUES
	('2030-01-02 00:00'::timestamptz, '2030-01-02 01:00'::timestamptz),
	('2030-01-03 02:00', '2030-01-03 03:00'), ('2030-01-04 04:00', '2030-01-04 05:00')) t (s, e);
\pset tuples_only off
\pset expanded on
SELECT * FROM arbiter_try_reserve_spans('spans.one',
	'{[2030-01-02 00:00, 2030-01-02 02:00), [2030-01-03 00:00, 2030-01-03 02:00), [2030-01-04 00:00, 2030-01-04 02:00)}', 1, 'bob');
SELECT granted, reservation_id > 0 AS reserved, reason FROM arbiter_try_reserve_spans('spans.one',
	'{[2030-01-02 02:13, 2030-01-02 04:13), [2030-01-03 03:00, 2030-01-03 05:00)}', 1, 'bob');
SELECT r.name, d.during, d.amount, d.user_id, d.reason, d.limiting_time, d.available, d.earliest_start,
	d.largest_amount, d.requirements, d.spans
FROM arbiter_denial d JOIN arbiter_resource r USING (resource_id)
WHERE denial_id > :before ORDER BY denial_id;
\pset expanded off
\pset tuples_only on
-- by brute force: every minute at which three spans would fit
SELECT min(s) FROM generate_series('2030-01-02 00:00'::timestamptz, '2030-01-09', interval '1 minute') s
WHERE NOT EXISTS (SELECT FROM booked('spans.one') b, (VALUES (0), (1), (2)) d (days)
	WHERE b.status = 'confirmed' AND b.user_id = 'self'
		AND b.during && tstzrange(s + d.days * interval '1 day', s + d.days * interval '1 day' + interval '2 hours'));

-- what spans must be
SELECT outcome($$ SELECT arbiter_reserve_spans(NULL, '{[2030-01-08, 2030-01-09)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08, 2030-01-09)}', NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08, 2030-01-09)}', 1, NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08, 2030-01-09)}', 1, tryout => NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{empty}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{(,2030-01-09), [2030-01-10, 2030-01-11)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[-infinity,2030-01-09), [2030-01-10, 2030-01-11)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{(,)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[4713-01-01 BC, 4712-01-01 BC), [294276-01-10, 294276-01-11)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08, 2030-01-09)}', 0) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-08, 2030-01-09)}', -1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.nowhere', '{[2030-01-08, 2030-01-09)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-20, 2030-01-21), [2030-01-22, 2030-01-23)}', 9223372036854775807) $$);

-- each span is aligned
SELECT arbiter_create_resource('spans.grain', granularity => '15 minutes', min_lead => '1 hour') > 0;
SELECT arbiter_set_capacity('spans.grain', '2000-01-01', 'infinity', 2);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.grain', '{[2090-01-08 12:00, 2090-01-08 12:15), [2090-01-09 12:00, 2090-01-09 12:20)}', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.grain', '{[2090-01-08 12:00, 2090-01-08 12:15), [2090-01-09 12:10, 2090-01-09 12:30)}', 1) $$);
-- the lead time is that of the first span
SELECT reason, message, available, earliest_start > now() AS later, largest_amount
FROM arbiter_try_reserve_spans('spans.grain', '{[2020-01-08 12:00, 2020-01-08 12:15), [2090-01-09 12:00, 2090-01-09 12:15)}', 1);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.grain', '{[2020-01-08 12:00, 2020-01-08 12:15), [2020-01-09 12:00, 2020-01-09 12:15)}', 1) $$, true);
-- and what is suggested is aligned, too
SELECT arbiter_reserve('spans.grain', '2090-01-08 12:00', '2090-01-08 12:15', 2) > 0;
SELECT earliest_start FROM arbiter_try_reserve_spans('spans.grain', '{[2090-01-07 12:00, 2090-01-07 12:15), [2090-01-08 12:00, 2090-01-08 12:15)}', 1);

-- a request key
SELECT arbiter_reserve_spans('spans.room', '{[2030-02-01, 2030-02-02), [2030-02-03, 2030-02-04)}', 1, 'ann', 'weekend') AS keyed \gset
SELECT arbiter_reserve_spans('spans.room', '{[2030-02-03, 2030-02-04), [2030-02-01, 2030-02-02)}', 1, 'ann', 'weekend') = :keyed;
SELECT granted, reservation_id = :keyed FROM arbiter_try_reserve_spans('spans.room', '{[2030-02-03, 2030-02-04), [2030-02-01, 2030-02-02)}', 1, 'ann', 'weekend');
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-02-01, 2030-02-02), [2030-02-03, 2030-02-05)}', 1, 'ann', 'weekend') $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-02-01, 2030-02-04)}', 1, 'ann', 'weekend') $$);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-02-01, 2030-02-02), [2030-02-02 12:00, 2030-02-04)}', 1, 'ann', 'weekend') $$);

-- what there is to do with a reservation is done with all of its spans
SELECT arbiter_transfer(:id, 'eve');
SELECT arbiter_resize(:id, 2);
SELECT * FROM parts(:id);
SELECT outcome(format('SELECT arbiter_resize(%s, 5)', :id));
SELECT arbiter_extend(:id, '2030-01-10 08:00');
SELECT * FROM parts(:id);
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2030-03-02'));
SELECT arbiter_move(:id, '2030-01-08 22:00');
SELECT * FROM parts(:id);
SELECT arbiter_truncate(:id, '2030-01-10 02:00');
SELECT * FROM parts(:id);
SELECT arbiter_cancel(:id);
SELECT * FROM parts(:id);
SELECT arbiter_available('spans.room', '2030-01-05', '2030-01-15');
-- a move names the start at which all spans fit
SELECT arbiter_reserve_spans('spans.one', '{[2030-01-07 00:00, 2030-01-07 02:00), [2030-01-08 00:00, 2030-01-08 02:00)}', 1) AS moved \gset
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :moved, '2030-01-02 00:00'));
SELECT arbiter_move(:moved, '2030-01-02 05:00');
SELECT during FROM parts(:moved);
-- into its own place
SELECT arbiter_move(:moved, '2030-01-02 06:00');
SELECT arbiter_move(:moved, '2030-01-03 06:00');
SELECT during FROM parts(:moved);

-- setup and cleanup time
SELECT arbiter_create_resource('spans.lab', setup_time => '30 minutes', cleanup_time => '1 hour') > 0;
SELECT arbiter_set_capacity('spans.lab', '2030-01-01', '2030-02-01', 1);
-- in a gap that is shorter than both they are taken once, and not twice
SELECT arbiter_reserve_spans('spans.lab', '{[2030-01-02 08:00, 2030-01-02 10:00), [2030-01-02 10:30, 2030-01-02 12:00), [2030-01-02 13:15, 2030-01-02 14:00), [2030-01-02 20:00, 2030-01-02 22:00)}', 1) AS lab \gset
SELECT part, during, occupied FROM parts(:lab);
SELECT lower(during), upper(during), reserved FROM arbiter_timeline('spans.lab', '2030-01-02', '2030-01-03');
-- by nobody else
SELECT reason, limiting_time, earliest_start FROM arbiter_try_reserve('spans.lab', '2030-01-02 10:05', '2030-01-02 10:10', 1);
SELECT reason, message, limiting_time, available, earliest_start, largest_amount
FROM arbiter_try_reserve_spans('spans.lab', '{[2030-01-02 05:00, 2030-01-02 06:00), [2030-01-02 06:15, 2030-01-02 07:00)}', 1);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.lab', '{[2030-01-02 05:00, 2030-01-02 06:00), [2030-01-02 06:15, 2030-01-02 07:00)}', 1) $$);
SELECT arbiter_reserve_spans('spans.lab', '{[2030-01-02 04:00, 2030-01-02 05:00), [2030-01-02 05:15, 2030-01-02 06:30)}', 1) > 0;
-- so also when they move, are extended and truncated
SELECT arbiter_move(:lab, '2030-01-03 08:00');
SELECT part, during, occupied FROM parts(:lab);
SELECT arbiter_extend(:lab, '2030-01-03 23:00');
SELECT arbiter_truncate(:lab, '2030-01-03 10:15');
SELECT part, during, occupied, status FROM parts(:lab);
SELECT arbiter_move(:lab, '2030-01-03 09:00');
SELECT part, during, occupied, status FROM parts(:lab);
SELECT c.* FROM arbiter_resource r CROSS JOIN LATERAL arbiter_check(r.name) c WHERE r.name LIKE 'spans.%';
SELECT * FROM timeline_differences('spans.lab', '2030-01-01', '2030-02-01');
-- a row that is moved by plain SQL is alone
UPDATE arbiter_reservation SET during = '[2030-01-20 08:00, 2030-01-20 09:00)' WHERE reservation_id = :lab AND part = 1;
SELECT part, during, occupied, status FROM parts(:lab);

-- a hold of several parts
SELECT arbiter_reserve_spans('spans.lab', '{[2030-01-22 08:00, 2030-01-22 10:00), [2030-01-22 10:30, 2030-01-22 12:00)}', 1) AS held \gset
UPDATE arbiter_reservation SET status = 'held', expires_at = 'infinity' WHERE reservation_id = :held;
SELECT arbiter_confirm(:held);
SELECT part, occupied, status FROM parts(:held);

-- the float is for those with tryout
SELECT arbiter_create_resource('spans.float', float_percent => 50) > 0;
SELECT arbiter_set_capacity('spans.float', '2030-01-01', '2030-02-01', 4);
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.float', '{[2030-01-08, 2030-01-09), [2030-01-10, 2030-01-11)}', 3) $$);
SELECT arbiter_reserve_spans('spans.float', '{[2030-01-08, 2030-01-09), [2030-01-10, 2030-01-11)}', 3, tryout => true) > 0;

-- many
SELECT arbiter_create_resource('spans.many') > 0;
SELECT arbiter_set_capacity('spans.many', '2030-01-01', '2040-01-01', 3);
SELECT arbiter_reserve_spans('spans.many', range_agg(tstzrange(d, d + interval '6 hours')), 2) AS many
FROM generate_series('2030-01-01'::timestamptz, '2039-12-31', interval '1 day') d \gset
SELECT count(*), max(part), min(lower(during)), max(upper(during)) FROM parts(:many);
SELECT reason, limiting_time, available, earliest_start, largest_amount FROM arbiter_try_reserve_spans('spans.many',
	(SELECT range_agg(tstzrange(d, d + interval '1 hour')) FROM generate_series('2030-01-01'::timestamptz, '2030-12-31', interval '1 day') d), 2);
-- more than other times are looked for
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.many',
	(SELECT range_agg(tstzrange(d, d + interval '1 hour')) FROM generate_series('2030-01-01'::timestamptz, '2039-12-31', interval '1 day') d), 2) $$);

-- users' triggers have their say for each part
CREATE FUNCTION spans_halve() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.part = 2 THEN new.amount := new.amount / 2; END IF;
	RETURN new;
END $$;
CREATE TRIGGER spans_halve BEFORE INSERT ON arbiter_reservation FOR EACH ROW
	WHEN (new.user_id = 'spans.halve') EXECUTE FUNCTION spans_halve();
SELECT arbiter_reserve_spans('spans.lab', '{[2030-01-24 08:00, 2030-01-24 10:00), [2030-01-24 10:30, 2030-01-24 12:00)}', 1, 'spans.other') AS triggered \gset
SELECT part, occupied, amount FROM parts(:triggered);
SELECT arbiter_reserve_spans('spans.room', '{[2030-01-24 08:00, 2030-01-24 10:00), [2030-01-24 10:30, 2030-01-24 12:00)}', 2, 'spans.halve') AS triggered \gset
SELECT part, during, amount FROM parts(:triggered);
DROP TRIGGER spans_halve ON arbiter_reservation;
DROP FUNCTION spans_halve();

-- privileges
CREATE ROLE spans_nobody;
SET ROLE spans_nobody;
SELECT outcome($$ SELECT arbiter_reserve_spans('spans.room', '{[2030-01-20, 2030-01-21)}', 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve_spans('spans.room', '{[2030-01-20, 2030-01-21)}', 1) $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_reserve_spans(text, tstzmultirange, bigint, text, text, boolean) TO spans_nobody;
SET ROLE spans_nobody;
SELECT arbiter_reserve_spans('spans.room', '{[2030-01-20, 2030-01-21), [2030-01-22, 2030-01-23)}', 1) AS granted \gset
RESET ROLE;
SELECT part, user_id FROM parts(:granted);
BEGIN READ ONLY;
SELECT arbiter_reserve_spans('spans.room', '{[2030-01-20, 2030-01-21)}', 1);
ROLLBACK;
REVOKE ALL ON FUNCTION arbiter_reserve_spans(text, tstzmultirange, bigint, text, text, boolean) FROM spans_nobody;
DROP ROLE spans_nobody;

-- at random: the decision, and the earliest start, against a model minute by minute
SELECT arbiter_create_resource('spans.random', setup_time => '2 minutes', cleanup_time => '3 minutes') > 0;
SELECT arbiter_set_capacity('spans.random', '2030-01-01 00:00', '2030-01-01 08:00', 5);
SELECT setseed(0.25);
DO $$
DECLARE
	first timestamptz := '2030-01-01 00:00';
	left_over integer[] := array_fill(5, ARRAY[480]);
	asked tstzmultirange;
	wanted integer;
	taken integer;
	best integer;
	answer record;
	granted integer := 0;
	refused integer := 0;
	later integer := 0;
BEGIN
	FOR round IN 1 .. 300 LOOP
		wanted := 1 + floor(random() * 2);
		SELECT range_agg(tstzrange(first + m * interval '1 minute', first + (m + 1 + floor(random() * 15)) * interval '1 minute'))
		INTO asked FROM (SELECT floor(random() * 470) + 4 AS m FROM generate_series(1, 1 + floor(random() * 4)::integer)) t;
		-- the first minute at which all of it fits, from where it is on
		WITH minute AS (
			SELECT DISTINCT (extract(epoch FROM m - first) / 60)::integer AS m
			FROM unnest(asked) s (during)
			CROSS JOIN LATERAL generate_series(lower(s.during) - interval '2 minutes',
				upper(s.during) + interval '2 minutes', interval '1 minute') m
		)
		SELECT min(shift) INTO best FROM generate_series(0, 480) shift
		WHERE NOT EXISTS (SELECT FROM minute WHERE m + shift < 0 OR m + shift >= 480
			OR left_over[m + shift + 1] < wanted);
		SELECT * INTO answer FROM arbiter_try_reserve_spans('spans.random', asked, wanted);
		IF answer.granted IS DISTINCT FROM (best IS NOT DISTINCT FROM 0)
			OR NOT answer.granted AND answer.earliest_start IS DISTINCT FROM lower(asked) + best * interval '1 minute' THEN
			RAISE EXCEPTION 'round %: % of %: model %, answer %', round, wanted, asked, best, answer;
		END IF;
		IF answer.granted THEN
			granted := granted + 1;
			FOR taken IN SELECT DISTINCT (extract(epoch FROM m - first) / 60)::integer
				FROM unnest(asked) s (during)
				CROSS JOIN LATERAL generate_series(lower(s.during) - interval '2 minutes',
					upper(s.during) + interval '2 minutes', interval '1 minute') m
			LOOP
				left_over[taken + 1] := left_over[taken + 1] - wanted;
			END LOOP;
		ELSE
			refused := refused + 1;
			later := later + (answer.earliest_start IS NOT NULL)::integer;
		END IF;
	END LOOP;
	IF granted < 20 OR refused < 20 OR later < 5 THEN
		RAISE EXCEPTION 'not much of a test: % granted, % refused, % of them later', granted, refused, later;
	END IF;
END $$;
SELECT * FROM timeline_differences('spans.random', '2030-01-01', '2030-01-02');
SELECT c.* FROM arbiter_resource r CROSS JOIN LATERAL arbiter_check(r.name) c WHERE r.name LIKE 'spans.%';
DROP FUNCTION parts(bigint);
