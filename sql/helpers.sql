-- What the other tests share. Each of them makes resources of its own name.
SET client_min_messages TO warning;

-- Compiling arbiter_check() takes longer than running it on little data.
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET jit TO off', current_database());
END
$$;

-- Run a statement and report how it ends: the SQLSTATE, message, DETAIL and
-- HINT of an error, or the number of rows.  What differs from run to run is
-- hidden: ids, whole rows, and with mask instants.
CREATE FUNCTION outcome(statement text, mask boolean DEFAULT false) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	line text;
	row_count bigint;
BEGIN
	BEGIN
		EXECUTE statement;
		GET DIAGNOSTICS row_count = ROW_COUNT;
		RETURN NEXT 'done, rows: ' || row_count;
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
			detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;
	FOREACH line IN ARRAY ARRAY[state || ': ' || message, 'DETAIL:  ' || nullif(detail, ''),
		'HINT:  ' || nullif(hint, '')]
	LOOP
		CONTINUE WHEN line IS NULL;
		line := regexp_replace(line, '(reservation|resource|resource with id) \d+\M', '\1 <id>', 'g');
		line := regexp_replace(line, '=\(\d+, ', '=(<id>, ', 'g');
		line := regexp_replace(line, '(Failing row contains) .*', '\1 <row>.');
		IF mask THEN
			line := regexp_replace(line,
				'\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?[+-]\d\d', '<instant>', 'g');
		END IF;
		RETURN NEXT line;
	END LOOP;
END
$$;

CREATE FUNCTION id_of(resource text) RETURNS integer
LANGUAGE sql STABLE AS $$
	SELECT r.resource_id FROM arbiter_resource r WHERE r.name = resource
$$;

-- the declared schedule
CREATE FUNCTION declared(resource text) RETURNS TABLE (during tstzrange, amount bigint)
LANGUAGE sql STABLE AS $$
	SELECT c.during, c.amount FROM arbiter_capacity c
	WHERE c.resource_id = id_of(resource) ORDER BY c.during
$$;

-- the rows of the public table
CREATE FUNCTION booked(resource text)
RETURNS TABLE (during tstzrange, amount bigint, user_id text, status text)
LANGUAGE sql STABLE AS $$
	SELECT v.during, v.amount, CASE WHEN v.user_id = session_user THEN 'self' ELSE v.user_id END, v.status
	FROM arbiter_reservation v WHERE v.resource_id = id_of(resource)
	ORDER BY v.during, v.amount, 3, v.status, v.reservation_id, v.part
$$;

-- capacity less reservations, step by step, from the two base tables alone: what
-- they occupy, holds that have expired left out; and less a share of capacity
CREATE FUNCTION naive_steps(resource text, start_time timestamptz, end_time timestamptz,
	kept_back numeric DEFAULT 0)
RETURNS TABLE (during tstzrange, available numeric)
LANGUAGE sql STABLE AS $$
	WITH event (instant, amount) AS (
		SELECT start_time, 0::numeric
		UNION ALL
		SELECT e.instant, e.amount
		FROM arbiter_capacity c
		CROSS JOIN LATERAL (SELECT c.amount - ceil(c.amount * kept_back / 100)) k (amount)
		CROSS JOIN LATERAL (VALUES
			(greatest(lower(c.during), start_time), k.amount),
			(least(upper(c.during), end_time), - k.amount)) e (instant, amount)
		WHERE c.resource_id = id_of(resource)
			AND lower(c.during) < end_time AND upper(c.during) > start_time
		UNION ALL
		SELECT e.instant, e.amount
		FROM arbiter_reservation v
		CROSS JOIN LATERAL (SELECT coalesce(v.occupied, v.during)) o (during)
		CROSS JOIN LATERAL (VALUES
			(greatest(lower(o.during), start_time), - v.amount::numeric),
			(least(upper(o.during), end_time), v.amount::numeric)) e (instant, amount)
		WHERE v.resource_id = id_of(resource)
			AND (v.status = 'confirmed' OR v.status = 'held'
				AND coalesce(v.expires_at, 'infinity') > statement_timestamp())
			AND lower(o.during) < end_time AND upper(o.during) > start_time
	), net AS (
		SELECT instant, sum(amount) AS amount FROM event GROUP BY instant
	), level AS (
		SELECT instant, lead(instant, 1, end_time) OVER w AS next_instant,
			sum(amount) OVER w AS available
		FROM net WINDOW w AS (ORDER BY instant)
	)
	SELECT tstzrange(instant, next_instant), available
	FROM level WHERE instant < end_time
$$;

-- what an ordinary request over a range may ask for: with setup and cleanup time
-- it must fit beside the rest, and leave the float
CREATE FUNCTION naive_available(resource text, start_time timestamptz, end_time timestamptz)
RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT greatest(0, min(s.available))::bigint
	FROM arbiter_resource r
	CROSS JOIN LATERAL naive_steps(r.name, start_time - coalesce(r.setup_time, '0'),
		end_time + coalesce(r.cleanup_time, '0'), coalesce(r.float_percent, 0)) s
	WHERE r.name = resource
$$;

-- where arbiter_timeline() and the naive steps disagree
CREATE FUNCTION timeline_differences(resource text, start_time timestamptz, end_time timestamptz)
RETURNS TABLE (problem text, during tstzrange)
LANGUAGE sql STABLE AS $$
	WITH t AS MATERIALIZED (
		SELECT a.during, a.capacity, a.reserved, a.available,
			lag(a.during) OVER w AS previous, lag(a.available) OVER w AS previous_available,
			lag(a.capacity) OVER w AS previous_capacity
		FROM arbiter_timeline(resource, start_time, end_time) a
		WINDOW w AS (ORDER BY a.during)
	), n AS MATERIALIZED (
		SELECT s.during, s.available, lag(s.available) OVER (ORDER BY s.during) AS previous_available
		FROM naive_steps(resource, start_time, end_time) s
	), change (instant, available) AS (
		-- where the availability changes, and to what
		(SELECT lower(t.during), t.available::numeric FROM t
			WHERE t.available IS DISTINCT FROM t.previous_available
		 EXCEPT
		 SELECT lower(n.during), n.available FROM n
			WHERE n.available IS DISTINCT FROM n.previous_available)
		UNION ALL
		(SELECT lower(n.during), n.available FROM n
			WHERE n.available IS DISTINCT FROM n.previous_available
		 EXCEPT
		 SELECT lower(t.during), t.available::numeric FROM t
			WHERE t.available IS DISTINCT FROM t.previous_available)
	)
	SELECT 'not the asked range', tstzrange(min(lower(t.during)), max(upper(t.during))) FROM t
	HAVING min(lower(t.during)) IS DISTINCT FROM start_time
		OR max(upper(t.during)) IS DISTINCT FROM end_time
	UNION ALL
	SELECT 'gap or overlap', t.during FROM t WHERE upper(t.previous) <> lower(t.during)
	UNION ALL
	SELECT 'not coalesced', t.during FROM t
	WHERE t.available = t.previous_available AND t.capacity = t.previous_capacity
	UNION ALL
	SELECT 'does not add up', t.during FROM t WHERE t.capacity - t.reserved <> t.available
	UNION ALL
	SELECT 'differs: ' || change.available, tstzrange(change.instant, change.instant, '[]') FROM change
$$;
