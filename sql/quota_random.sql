-- Random operations under several quotas; a model that knows nothing of timelines
-- foretells which of them are refused.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT setseed(0.4711);
SELECT arbiter_create_resource('many.' || n, resource_type => CASE WHEN n < 3 THEN 'many' END,
	setup_time => CASE WHEN n = 2 THEN interval '30 min' END) > 0
FROM generate_series(1, 3) n;
SELECT arbiter_set_capacity('many.' || n, '2030-03-01', '2030-05-01', 100000) FROM generate_series(1, 3) n;

-- What the model knows: reservations, limits, members, all in half hours.
CREATE TABLE model_row (id bigint, resource text, user_id text, s timestamptz, e timestamptz, amount bigint);
CREATE TABLE model_limit (subject text, is_group boolean, resource text, type_only boolean, per text, tz text,
	s timestamptz, e timestamptz, amount numeric);
CREATE TABLE model_member (group_id text, user_id text);

-- What each quota counts in each half hour, or window: of the rows there are, with
-- those of some ids left out and one put in.
CREATE FUNCTION model_used(without bigint[], row_resource text, row_user text, row_s timestamptz, row_e timestamptz,
	row_amount bigint)
RETURNS TABLE (quota text, place timestamp, used numeric) LANGUAGE sql STABLE AS $$
	WITH taken AS (
		SELECT resource, user_id, s, e, amount FROM model_row WHERE id <> ALL (without)
		UNION ALL
		SELECT row_resource, row_user, row_s, row_e, row_amount WHERE row_amount IS NOT NULL
	), quota AS (
		SELECT DISTINCT subject, is_group, resource, type_only, per, tz FROM model_limit
	)
	SELECT q::text, CASE WHEN q.per IS NULL THEN c AT TIME ZONE 'UTC' ELSE date_trunc(q.per, c AT TIME ZONE q.tz) END,
		sum(CASE WHEN q.per IS NULL THEN t.amount ELSE t.amount / 2.0 END)
	FROM quota q
	JOIN taken t ON (q.resource IS NULL OR q.resource = t.resource) AND (NOT q.type_only OR t.resource <> 'many.3')
		AND CASE WHEN q.is_group THEN EXISTS (SELECT FROM model_member m WHERE m.group_id = q.subject AND m.user_id = t.user_id)
			ELSE q.subject = t.user_id END
	CROSS JOIN LATERAL generate_series(t.s, t.e - interval '30 min', interval '30 min') c
	GROUP BY 1, 2
$$;

-- The tightest limit of each place.
CREATE FUNCTION model_limits() RETURNS TABLE (quota text, place timestamp, most numeric) LANGUAGE sql STABLE AS $$
	SELECT (l.subject, l.is_group, l.resource, l.type_only, l.per, l.tz)::text,
		CASE WHEN l.per IS NULL THEN c AT TIME ZONE 'UTC' ELSE date_trunc(l.per, c AT TIME ZONE l.tz) END, min(l.amount)
	FROM model_limit l
	CROSS JOIN LATERAL generate_series(greatest(l.s, '2030-02-20'), least(l.e, '2030-05-10'), interval '30 min') c
	WHERE c < l.e AND l.amount IS NOT NULL
	GROUP BY 1, 2
$$;
CREATE MATERIALIZED VIEW model_most AS SELECT * FROM model_limits();

-- Would a change be refused?
CREATE FUNCTION foretold(without bigint[], row_resource text, row_user text, row_s timestamptz, row_e timestamptz,
	row_amount bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN EXISTS (
		SELECT FROM model_used(without, row_resource, row_user, row_s, row_e, row_amount) n
		JOIN model_most m USING (quota, place)
		LEFT JOIN model_used('{}', NULL, NULL, NULL, NULL, NULL) o USING (quota, place)
		WHERE n.used > m.most AND n.used > coalesce(o.used, 0)) THEN 'RV010' ELSE '00000' END
$$;

CREATE FUNCTION set_limit(subject text, is_group boolean, resource text, type_only boolean, per text, tz text,
	s timestamptz, e timestamptz, amount numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbiter_set_quota(subject, amount, CASE WHEN per IS NULL THEN 'amount' ELSE 'unit_hours' END, per,
		resource, CASE WHEN type_only THEN 'many' END, CASE WHEN is_group THEN 'group' ELSE 'user' END, tz, s, e);
	-- later ones cut earlier ones
	INSERT INTO model_limit
	SELECT l.subject, l.is_group, l.resource, l.type_only, l.per, l.tz, p.s, p.e, l.amount
	FROM model_limit l CROSS JOIN LATERAL (VALUES (l.s, least(l.e, set_limit.s)), (greatest(l.s, set_limit.e), l.e)) p (s, e)
	WHERE (l.subject, l.is_group, l.type_only) = (set_limit.subject, set_limit.is_group, set_limit.type_only)
		AND l.resource IS NOT DISTINCT FROM set_limit.resource AND l.per IS NOT DISTINCT FROM set_limit.per
		AND p.s < p.e;
	DELETE FROM model_limit l
	WHERE (l.subject, l.is_group, l.type_only) = (set_limit.subject, set_limit.is_group, set_limit.type_only)
		AND l.resource IS NOT DISTINCT FROM set_limit.resource AND l.per IS NOT DISTINCT FROM set_limit.per
		AND l.s < set_limit.e AND l.e > set_limit.s;
	INSERT INTO model_limit VALUES (subject, is_group, resource, type_only, per, tz, s, e, amount);
	REFRESH MATERIALIZED VIEW model_most;
END
$$;
SELECT set_limit('u1', false, 'many.1', false, NULL, NULL, '-infinity', 'infinity', 6);
SELECT set_limit('u1', false, NULL, false, 'week', 'America/New_York', '-infinity', 'infinity', 250);
SELECT set_limit('u2', false, NULL, true, 'day', 'Europe/London', '-infinity', 'infinity', 40.5);
SELECT set_limit('u2', false, NULL, false, NULL, NULL, '2030-03-20', '2030-04-10', 9);
SELECT set_limit('g', true, NULL, true, 'month', 'Asia/Kolkata', '-infinity', 'infinity', 1200);
SELECT set_limit('g', true, NULL, false, NULL, NULL, '-infinity', 'infinity', 15);
SELECT arbiter_add_member('g', u) FROM unnest('{u1,u2,u3}'::text[]) u;
INSERT INTO model_member SELECT 'g', u FROM unnest('{u1,u2,u3}'::text[]) u;

CREATE PROCEDURE random_quotas(operations int) LANGUAGE plpgsql AS $$
DECLARE
	said text;
	state text;
	kind float;
	u text;
	res text;
	s timestamptz;
	e timestamptz;
	a bigint;
	r model_row;
	n model_row;
	made bigint;
	refused int := 0;
	t record;
BEGIN
	FOR i IN 1 .. operations LOOP
		kind := random();
		u := 'u' || 1 + floor(random() * 4);
		res := 'many.' || 1 + floor(random() * 3);
		s := timestamptz '2030-03-05' + floor(random() * 48 * 50) * interval '30 min';
		e := s + (1 + floor(random() * random() * 150)) * interval '30 min';
		a := 1 + floor(random() * 8);
		SELECT * INTO r FROM (TABLE model_row ORDER BY id) m ORDER BY random() LIMIT 1;
		n := r;
		state := '00000';
		made := NULL;
		CONTINUE WHEN r IS NULL AND kind > 0.45;
		IF kind < 0.45 THEN
			n := ROW(NULL, res, u, s, e, a);
			said := foretold('{}', res, u, s, e, a);
			BEGIN
				IF kind < 0.15 THEN
					made := arbiter_reserve(res, s, e, a, u);
				ELSIF kind < 0.25 THEN
					INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
					VALUES (id_of(res), tstzrange(s, e), a, u) RETURNING reservation_id INTO made;
				ELSIF kind < 0.35 THEN
					SELECT * INTO t FROM arbiter_reserve_many(jsonb_build_array(jsonb_build_object('resource', res, 'start_time', s,
						'end_time', e, 'amount', a, 'user_id', u)));
					made := t.reservation_id;
					state := coalesce(t.reason, '00000');
				ELSE
					SELECT * INTO t FROM arbiter_try_reserve(res, s, e, a, u);
					made := t.reservation_id;
					state := coalesce(t.reason, '00000');
					-- the alternatives are right
					IF t.reason = 'RV010' THEN
						IF t.earliest_start IS NOT NULL
							AND (date_trunc('hour', t.earliest_start) + (extract(minute FROM t.earliest_start)::int / 30) * interval '30 min' = t.earliest_start)
							AND foretold('{}', res, u, t.earliest_start, t.earliest_start + (e - s), a) <> '00000' THEN
							RAISE WARNING 'operation %: % is no start for % of % from %', i, t.earliest_start, a, u, s;
						END IF;
						IF (t.largest_amount > 0 AND foretold('{}', res, u, s, e, t.largest_amount) <> '00000')
							OR foretold('{}', res, u, s, e, t.largest_amount + 1) = '00000' THEN
							RAISE WARNING 'operation %: % is not the largest amount for % of %', i, t.largest_amount, s, u;
						END IF;
					END IF;
				END IF;
			EXCEPTION WHEN SQLSTATE 'RV010' THEN
				state := SQLSTATE;
			END;
			IF made IS NOT NULL THEN
				n.id := made;
				INSERT INTO model_row SELECT (n).*;
			END IF;
		ELSE
			BEGIN
				IF kind < 0.55 THEN
					said := '00000';
					n.amount := NULL;
					PERFORM arbiter_cancel(r.id);
				ELSIF kind < 0.62 THEN
					n.e := r.s + ceil(random() * (extract(epoch FROM r.e - r.s) / 1800)) * interval '30 min';
					said := '00000';
					PERFORM arbiter_truncate(r.id, n.e);
				ELSIF kind < 0.70 THEN
					n.e := r.e + floor(random() * 48) * interval '30 min';
					said := foretold(ARRAY[r.id], n.resource, n.user_id, n.s, n.e, n.amount);
					PERFORM arbiter_extend(r.id, n.e);
				ELSIF kind < 0.77 THEN
					n.amount := a;
					said := foretold(ARRAY[r.id], n.resource, n.user_id, n.s, n.e, n.amount);
					PERFORM arbiter_resize(r.id, a);
				ELSIF kind < 0.84 THEN
					n.s := s;
					n.e := s + (r.e - r.s);
					said := foretold(ARRAY[r.id], n.resource, n.user_id, n.s, n.e, n.amount);
					PERFORM arbiter_move(r.id, s);
				ELSIF kind < 0.90 THEN
					n.user_id := u;
					said := foretold(ARRAY[r.id], n.resource, n.user_id, n.s, n.e, n.amount);
					PERFORM arbiter_transfer(r.id, u);
				ELSIF kind < 0.95 THEN
					n := ROW(r.id, res, u, s, e, a);
					said := foretold(ARRAY[r.id], n.resource, n.user_id, n.s, n.e, n.amount);
					UPDATE arbiter_reservation SET resource_id = id_of(res), user_id = u, during = tstzrange(s, e), amount = a
					WHERE reservation_id = r.id;
				ELSIF kind < 0.97 THEN
					-- an expired hold is nothing
					said := '00000';
					n.amount := NULL;
					UPDATE arbiter_reservation SET status = 'held', expires_at = '2026-01-01' WHERE reservation_id = r.id;
				ELSIF kind < 0.98 THEN
					said := '00000';
					PERFORM set_limit('g', true, NULL, false, NULL, NULL, s, e, CASE WHEN a > 6 THEN NULL ELSE 8 + 2 * a END);
				ELSIF kind < 0.99 THEN
					said := '00000';
					PERFORM set_limit('u1', false, NULL, false, 'week', 'America/New_York', s, e, CASE WHEN a > 6 THEN NULL ELSE 150 + 50.25 * a END);
				ELSE
					said := '00000';
					IF EXISTS (SELECT FROM model_member m WHERE m.user_id = u) THEN
						PERFORM arbiter_drop_member('g', u);
						DELETE FROM model_member m WHERE m.user_id = u;
					ELSE
						PERFORM arbiter_add_member('g', u);
						INSERT INTO model_member VALUES ('g', u);
					END IF;
				END IF;
			EXCEPTION WHEN SQLSTATE 'RV010' THEN
				state := SQLSTATE;
			END;
			IF state = '00000' THEN
				DELETE FROM model_row m WHERE m.id = r.id;
				IF n.amount IS NOT NULL THEN
					INSERT INTO model_row SELECT (n).*;
				END IF;
			END IF;
		END IF;
		IF state <> said THEN
			RAISE WARNING 'operation % (%): %, but % was foretold: % to %', i, kind, state, said, r, n;
		END IF;
		refused := refused + (state = 'RV010')::int;
		IF i % 50 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
	IF refused < operations / 10 OR refused > operations * 0.8 THEN
		RAISE WARNING '% of % refused', refused, operations;
	END IF;
END
$$;
CALL random_quotas(600);
SELECT * FROM arbiter_check() WHERE resource_id < 0;
-- what is said to be used is what the model has
SELECT q.quota_id, t.start_time, t.used, m.used
FROM arbiter_quota q
JOIN model_used('{}', NULL, NULL, NULL, NULL, NULL) m
	ON m.quota = (q.subject, q.subject_kind = 'group', (SELECT r.name FROM arbiter_resource r WHERE r.resource_id = q.resource_id),
		q.resource_type IS NOT NULL, q.per, q.tz)::text
CROSS JOIN LATERAL arbiter_quota_timeline(q.quota_id, m.place AT TIME ZONE coalesce(q.tz, 'UTC'),
	m.place AT TIME ZONE coalesce(q.tz, 'UTC') + interval '1 min') t
WHERE q.subject IN ('u1', 'u2', 'g') AND t.used <> m.used;
SELECT count(*) > 50 FROM model_row;
-- derived anew it is the same
CREATE TEMPORARY TABLE before AS SELECT q.quota_id, t.* FROM arbiter_quota q, arbiter_quota_timeline(q.quota_id, '2030-03-01', '2030-05-01') t;
SELECT count(*) > 100 FROM before;
SELECT bool_and(arbiter_rebuild_quota(quota_id) > 0) FROM arbiter_quota;
SELECT count(*) FROM (SELECT q.quota_id, t.* FROM arbiter_quota q, arbiter_quota_timeline(q.quota_id, '2030-03-01', '2030-05-01') t
	EXCEPT SELECT * FROM before) d;
SELECT * FROM arbiter_check() WHERE resource_id < 0;
-- and with everything cancelled nothing is used
UPDATE arbiter_reservation SET status = 'cancelled' WHERE user_id IN ('u1', 'u2', 'u3', 'u4') AND status <> 'expired';
SELECT count(*) FROM arbiter_quota q, arbiter_quota_timeline(q.quota_id, '2030-01-01', '2030-06-01') t WHERE t.used <> 0;
SELECT * FROM arbiter_check() WHERE resource_id < 0;
SELECT count(arbiter_drop_quota(subject, measure, per,
	(SELECT name FROM arbiter_resource r WHERE r.resource_id = q.resource_id), resource_type, subject_kind))
FROM arbiter_quota q;
DROP PROCEDURE random_quotas(int);
DROP FUNCTION set_limit;
DROP FUNCTION foretold;
DROP MATERIALIZED VIEW model_most;
DROP FUNCTION model_limits;
DROP FUNCTION model_used;
DROP TABLE model_row, model_limit, model_member;
