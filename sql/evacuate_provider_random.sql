-- arbiter_evacuate_provider against a model that knows nothing of sets, pieces and
-- searches: it counts by days, and tries every provider for every group
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION leave_pick(VARIADIC choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS
	$$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
-- days are counted from 2086-01-01; the last one stands for all that come later
CREATE FUNCTION leave_day(day integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN day < 12 THEN timestamptz '2086-01-01' + make_interval(days => day) ELSE 'infinity' END $$;
CREATE FUNCTION leave_covers(during tstzrange, day integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS
	$$ SELECT during @> timestamptz '2086-01-01' + make_interval(days => day, hours => 12) $$;

CREATE FUNCTION leave_world() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	p integer;
	g text;
BEGIN
	DELETE FROM arbiter_claim WHERE request::text LIKE '%leave.%';
	PERFORM arbiter_drop_provider(name, force => true) FROM arbiter_provider WHERE name LIKE 'leave-%';
	FOR p IN 1 .. 5 LOOP
		PERFORM arbiter_create_provider('leave-' || p);
		PERFORM arbiter_set_inventory('leave-' || p, 'leave.cpu', (4 + random() * 6)::int, min_unit => leave_pick(1, 1, 2),
			step_size => leave_pick(1, 1, 1, 2), max_unit => leave_pick(NULL, NULL, 4), start_time => '2086-01-01');
		PERFORM arbiter_set_inventory('leave-' || p, 'leave.disk', (4 + random() * 6)::int, max_unit => leave_pick(NULL, 6), start_time => '2086-01-01');
		IF random() < 0.5 THEN
			PERFORM arbiter_set_inventory('leave-' || p, 'leave.disk', (2 + random() * 4)::int, start_time => leave_day(3), end_time => leave_day((4 + random() * 4)::int));
		END IF;
		IF random() < 0.7 THEN
			PERFORM arbiter_add_capability('leave-' || p, 'leave.fast');
		END IF;
		PERFORM arbiter_add_to_group(leave_pick('leave-rack1'::text, 'leave-rack2'), 'leave-' || p);
		FOREACH g IN ARRAY ARRAY['leave-rack1', 'leave-rack2'] LOOP
			IF random() < 0.8 THEN
				PERFORM arbiter_set_distance('leave-' || p, g, 'leave.distance', leave_pick('leave.near'::text, 'leave.far'));
			END IF;
		END LOOP;
	END LOOP;
END $$;

CREATE FUNCTION leave_request() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	n integer := leave_pick(1, 1, 2, 2, 3);
	groups jsonb := '[]';
	g jsonb;
	other text;
BEGIN
	IF random() < 0.25 THEN
		RETURN jsonb_build_object('resources', jsonb_build_object('leave.disk', (6 + random() * 8)::int), 'single_provider', false);
	END IF;
	FOR i IN 1 .. n LOOP
		g := jsonb_build_object('name', 'g' || i, 'resources', leave_pick(
			jsonb_build_object('leave.cpu', leave_pick(1, 2, 3)),
			jsonb_build_object('leave.disk', leave_pick(1, 2, 3)),
			jsonb_build_object('leave.cpu', jsonb_build_object('min', 1, 'max', 3), 'leave.disk', 1)));
		IF random() < 0.3 THEN
			g := g || leave_pick(jsonb '{"capabilities": {"require": ["leave.fast"]}}', '{"capabilities": {"forbid": ["leave.fast"]}}');
		END IF;
		IF random() < 0.2 THEN
			g := g || '{"member_of": {"require": ["leave-rack1"]}}';
		END IF;
		other := 'g' || (1 + i % n);
		IF n > 1 AND random() < 0.3 THEN
			g := g || jsonb_build_object('isolate_from', jsonb_build_array(other));
		END IF;
		IF n > 1 AND random() < 0.2 THEN
			g := g || jsonb_build_object('same_group', jsonb_build_object('leave.rack', other));
		END IF;
		IF n > 1 AND random() < 0.2 THEN
			g := g || jsonb_build_object('distances', jsonb_build_array(jsonb_build_object('type', 'leave.distance', 'to_group', other)
				|| leave_pick(jsonb '{"max": "leave.near"}', '{"min": "leave.far"}')));
		END IF;
		groups := groups || jsonb_build_array(g);
	END LOOP;
	RETURN jsonb_build_object('groups', groups, 'choose', leave_pick('random'::text, 'pack', 'spread'));
END $$;

-- what is taken of each inventory by day, by whom, and what there is
CREATE VIEW leave_taken AS
SELECT v.reservation_id, p.name AS provider, r.resource_type AS type, day, sum(v.amount)::bigint AS amount
FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) JOIN arbiter_provider p USING (provider_id) CROSS JOIN generate_series(0, 12) day
WHERE p.name LIKE 'leave-%' AND v.status = 'confirmed' AND leave_covers(v.during, day) GROUP BY 1, 2, 3, 4;
CREATE VIEW leave_capacity AS
SELECT p.name AS provider, r.resource_type AS type, day, c.amount FROM arbiter_capacity c JOIN arbiter_resource r USING (resource_id)
JOIN arbiter_provider p USING (provider_id) CROSS JOIN generate_series(0, 12) day WHERE p.name LIKE 'leave-%' AND leave_covers(c.during, day);
CREATE TABLE leave_before (reservation_id bigint, provider text, type text, day integer, amount bigint);
CREATE TABLE leave_given (reservation_id bigint, grp text, provider text, type text, amount bigint);
CREATE TABLE leave_piece (n bigint, reservation_id bigint, grp text, type text, during tstzrange, amount bigint, moved boolean, provider text, reason text);
-- what has been taken while the model follows the evacuation
CREATE TABLE leave_now (provider text, type text, day integer, amount bigint);

CREATE FUNCTION leave_groups(p text) RETURNS SETOF integer LANGUAGE sql AS $$
	SELECT group_id FROM arbiter_provider_group_member JOIN arbiter_provider USING (provider_id) WHERE name = p $$;
-- the distance from one provider to another, 0 near, 1 far
CREATE FUNCTION leave_distance(p text, q text) RETURNS integer LANGUAGE sql AS $$
	SELECT min(position) FROM arbiter_provider_distance JOIN arbiter_provider USING (provider_id) JOIN arbiter_distance USING (distance_id)
	WHERE arbiter_provider.name = p AND group_id IN (SELECT leave_groups(q)) $$;

-- do two providers go together, as a group asks it of another?
CREATE FUNCTION leave_agree(g jsonb, other text, p text, q text) RETURNS boolean LANGUAGE sql AS $$
	SELECT NOT (coalesce(g->'isolate_from', '[]') ? other AND p = q)
		AND (g->'same_group'->>'leave.rack' IS DISTINCT FROM other OR EXISTS (SELECT leave_groups(p) INTERSECT SELECT leave_groups(q)))
		AND NOT EXISTS (SELECT FROM jsonb_array_elements(g->'distances') d WHERE d->>'to_group' = other
			AND coalesce(leave_distance(p, q) <> CASE WHEN d ? 'max' THEN 0 ELSE 1 END, true)) $$;

-- may the pieces of a claim go to these providers, one per group?
CREATE FUNCTION leave_fits(claim bigint, asked jsonb, places jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	g jsonb;
	o jsonb;
	p text;
BEGIN
	FOR g IN SELECT * FROM jsonb_array_elements(asked->'groups') LOOP
		p := places->>(g->>'name');
		CONTINUE WHEN p IS NULL;
		IF NOT (SELECT claimable FROM arbiter_provider WHERE name = p)
			OR g ? 'capabilities' AND (g->'capabilities' ? 'require') <> EXISTS (SELECT FROM arbiter_provider_capability JOIN arbiter_provider USING (provider_id) WHERE name = p)
			OR g ? 'member_of' AND NOT EXISTS (SELECT FROM arbiter_provider_group WHERE name = 'leave-rack1' AND group_id IN (SELECT leave_groups(p))) THEN
			RETURN false;
		END IF;
	END LOOP;
	FOR g IN SELECT * FROM jsonb_array_elements(asked->'groups') LOOP
		FOR o IN SELECT * FROM jsonb_array_elements(asked->'groups') LOOP
			CONTINUE WHEN g = o OR NOT places ?| ARRAY[g->>'name', o->>'name'];
			-- where each is: where it goes, or where it stays at that time
			IF EXISTS (SELECT FROM leave_where(claim, g->>'name', places) a, leave_where(claim, o->>'name', places) b WHERE NOT leave_agree(g, o->>'name', a, b)) THEN
				RETURN false;
			END IF;
		END LOOP;
	END LOOP;
	RETURN NOT EXISTS (SELECT FROM leave_piece i LEFT JOIN (arbiter_inventory v JOIN arbiter_resource r USING (resource_id)) ON r.name = (places->>i.grp) || '.' || i.type
			WHERE i.reservation_id = claim AND (r.name IS NULL OR i.amount % v.step_size <> 0 OR i.amount < v.min_unit OR i.amount > v.max_unit))
		AND NOT EXISTS (SELECT FROM leave_piece i, generate_series(0, 12) day WHERE i.reservation_id = claim AND leave_covers(i.during, day)
			GROUP BY places->>i.grp, i.type, day
			HAVING sum(i.amount) > leave_left(places->>i.grp, i.type, day));
END $$;
CREATE FUNCTION leave_where(claim bigint, g text, places jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT places->>g WHERE places ? g
	UNION
	SELECT v.provider FROM leave_given v WHERE v.reservation_id = claim AND v.grp = g AND NOT places ? g AND EXISTS (
		SELECT FROM leave_before b, leave_piece i WHERE b.reservation_id = claim AND b.provider = v.provider AND b.type = v.type AND i.reservation_id = claim AND leave_covers(i.during, b.day))
$$;
CREATE FUNCTION leave_left(p text, t text, at integer) RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce((SELECT amount FROM leave_capacity WHERE provider = p AND type = t AND day = at), 0)
		- coalesce((SELECT sum(amount) FROM leave_now WHERE provider = p AND type = t AND day = at), 0)::bigint $$;

-- is there a way for a claim whose groups are each on one provider?
CREATE FUNCTION leave_possible(claim bigint, asked jsonb, gone text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	names text[] := ARRAY(SELECT DISTINCT grp FROM leave_piece WHERE reservation_id = claim);
	places jsonb;
BEGIN
	IF asked ? 'resources' THEN
		-- as much as each can give at all of the time, besides what the claim has there;
		-- several times are not looked into
		RETURN (SELECT count(DISTINCT during) = 1 FROM leave_piece WHERE reservation_id = claim) AND NOT EXISTS (
			SELECT FROM (SELECT type, during, sum(amount) AS amount FROM leave_piece WHERE reservation_id = claim GROUP BY 1, 2) i WHERE i.amount > (
			SELECT coalesce(sum(greatest(least(
				(SELECT min(leave_left(p.name, i.type, day)) FROM generate_series(0, 12) day WHERE leave_covers(i.during, day)),
				v.max_unit - coalesce((SELECT max(b.amount) FROM leave_before b WHERE b.reservation_id = claim AND b.provider = p.name AND b.type = i.type AND leave_covers(i.during, b.day)), 0)), 0)), 0)
			FROM arbiter_provider p JOIN arbiter_resource r USING (provider_id) JOIN arbiter_inventory v USING (resource_id)
			WHERE p.name LIKE 'leave-%' AND p.name <> gone AND p.claimable AND r.resource_type = i.type));
	END IF;
	FOR places IN WITH RECURSIVE c (chosen, n) AS (
			SELECT jsonb '{}', 0
			UNION ALL
			SELECT chosen || jsonb_build_object(names[n + 1], 'leave-' || p), n + 1 FROM c, generate_series(1, 5) p
			WHERE n < cardinality(names) AND 'leave-' || p <> gone)
		SELECT chosen FROM c WHERE n = cardinality(names)
	LOOP
		IF leave_fits(claim, asked, places) THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;

CREATE FUNCTION leave_check(gone text, first_day integer, last_day integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	claim record;
	places jsonb;
BEGIN
	-- what is told to leave is what was there, and groups have what they were given
	IF EXISTS (
		SELECT v.reservation_id, r.resource_type, day, sum(v.amount) FROM leave_row v JOIN arbiter_resource r USING (resource_id), generate_series(0, 12) day
		WHERE r.name LIKE gone || '.%' AND v.during && tstzrange(leave_day(first_day), leave_day(last_day))
			AND leave_covers(v.during * tstzrange(leave_day(first_day), NULL), day) GROUP BY 1, 2, 3
		EXCEPT SELECT reservation_id, type, day, sum(amount) FROM leave_piece, generate_series(0, 12) day WHERE leave_covers(during, day) GROUP BY 1, 2, 3) THEN
		RAISE EXCEPTION 'something was left out';
	END IF;
	IF EXISTS (SELECT FROM leave_piece i JOIN arbiter_claim USING (reservation_id) WHERE NOT request ? 'resources' AND NOT EXISTS (
		SELECT FROM leave_given v WHERE v.reservation_id = i.reservation_id AND v.grp = i.grp AND v.provider = gone AND v.type = i.type AND v.amount = i.amount)) THEN
		RAISE EXCEPTION 'a group has another amount';
	END IF;
	-- one after the other: who was moved fits where he is, and who was not fits nowhere
	INSERT INTO leave_now SELECT provider, type, day, sum(amount) FROM leave_before GROUP BY 1, 2, 3;
	FOR claim IN SELECT reservation_id, request, min(n), bool_or(moved) AS moved, min(reason) AS reason, count(DISTINCT moved) AS answers
		FROM leave_piece JOIN arbiter_claim USING (reservation_id) GROUP BY 1, 2 ORDER BY 3
	LOOP
		IF claim.answers > 1 OR claim.reason <> 'RV012' THEN
			RAISE EXCEPTION 'claim %: % %', claim.reservation_id, claim.answers, claim.reason;
		END IF;
		IF NOT claim.moved AND leave_possible(claim.reservation_id, claim.request, gone) THEN
			RAISE EXCEPTION 'claim % has a place: %', claim.reservation_id, claim.request;
		END IF;
		SELECT jsonb_object_agg(grp, provider) INTO places FROM leave_piece WHERE reservation_id = claim.reservation_id;
		IF claim.moved AND NOT claim.request ? 'resources' AND NOT leave_fits(claim.reservation_id, claim.request, places) THEN
			RAISE EXCEPTION 'claim % does not fit: % %', claim.reservation_id, places, claim.request;
		END IF;
		IF claim.moved AND EXISTS (SELECT FROM leave_piece JOIN arbiter_provider p ON p.name = provider WHERE reservation_id = claim.reservation_id AND (provider = gone OR NOT p.claimable)) THEN
			RAISE EXCEPTION 'claim % is where it must not be', claim.reservation_id;
		END IF;
		INSERT INTO leave_now SELECT provider, type, day, amount FROM leave_piece, generate_series(0, 12) day
		WHERE moved AND reservation_id = claim.reservation_id AND leave_covers(during, day);
	END LOOP;
	-- rows are what they were, but for what was moved
	IF EXISTS (
		SELECT * FROM (
			SELECT reservation_id, provider, type, day, sum(amount) AS amount FROM (
				TABLE leave_before
				UNION ALL SELECT reservation_id, gone, type, day, -amount FROM leave_piece, generate_series(0, 12) day WHERE moved AND leave_covers(during, day)
				UNION ALL SELECT reservation_id, provider, type, day, amount FROM leave_piece, generate_series(0, 12) day WHERE moved AND leave_covers(during, day)) v
			GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0) expected
		FULL JOIN leave_taken USING (reservation_id, provider, type, day, amount)
		WHERE expected.reservation_id IS NULL OR leave_taken.reservation_id IS NULL) THEN
		RAISE EXCEPTION 'rows are not what they should be';
	END IF;
	-- units are of all that a group has of a provider
	IF EXISTS (SELECT FROM arbiter_claim c JOIN leave_taken t USING (reservation_id) JOIN arbiter_resource r ON r.name = provider || '.' || type JOIN arbiter_inventory USING (resource_id)
		WHERE c.request ? 'resources' AND t.amount > max_unit) THEN
		RAISE EXCEPTION 'more than max_unit';
	END IF;
	-- and allocations name what there are rows of
	IF EXISTS (
		SELECT * FROM (SELECT DISTINCT reservation_id, provider, type FROM leave_taken) rows
		FULL JOIN (SELECT DISTINCT reservation_id, a->>'provider' AS provider, a->>'resource_type' AS type FROM arbiter_claim, jsonb_array_elements(allocations) a WHERE request::text LIKE '%leave.%') places
			USING (reservation_id, provider, type) WHERE rows.reservation_id IS NULL OR places.reservation_id IS NULL) THEN
		RAISE EXCEPTION 'allocations are not where the rows are';
	END IF;
END $$;
CREATE TABLE leave_row (LIKE arbiter_reservation);

SELECT arbiter_create_provider_group('leave-rack' || n, 'leave.rack') > 0 FROM generate_series(1, 2) n;
SELECT arbiter_set_distances('leave.distance', ARRAY['leave.near', 'leave.far']) IS NOT NULL;
SELECT arbiter_create_provider('other-names') > 0, arbiter_add_capability('other-names', 'leave.fast') IS NOT NULL;
SELECT setseed(0.7);
DO $$
DECLARE
	gone text;
	first_day integer;
	last_day integer;
	a integer;
	moved integer := 0;
	stayed integer := 0;
	parted integer := 0;
BEGIN
	FOR world IN 1 .. 20 LOOP
		PERFORM leave_world();
		FOR round IN 1 .. 4 LOOP
			FOR claim IN 1 .. 5 LOOP
				a := (random() * 8)::int;
				PERFORM arbiter_try_claim(leave_request(), leave_day(a), leave_day(a + leave_pick(1, 3, 12)));
			END LOOP;
			-- mostly the one that most would have to leave
			gone := 'leave-' || leave_pick(1, 2, 3, 4, 5);
			IF random() < 0.7 THEN
				SELECT provider INTO gone FROM leave_taken GROUP BY 1 ORDER BY count(DISTINCT reservation_id) DESC, 1 LIMIT 1;
			END IF;
			first_day := (random() * 9)::int;
			last_day := first_day + leave_pick(1, 2, 12);
			TRUNCATE leave_before, leave_given, leave_piece, leave_now, leave_row;
			INSERT INTO leave_before SELECT reservation_id, provider, type, day, amount FROM leave_taken;
			INSERT INTO leave_row SELECT * FROM arbiter_reservation WHERE status = 'confirmed';
			INSERT INTO leave_given SELECT reservation_id, x->>'group', x->>'provider', x->>'resource_type', (x->>'amount')::bigint FROM arbiter_claim, jsonb_array_elements(allocations) x;
			INSERT INTO leave_piece SELECT e.ordinality, e.reservation_id, e.group_name, e.resource_type, e.during, e.amount, e.moved, e.new_provider, e.reason
			FROM arbiter_evacuate_provider(gone, leave_day(first_day), leave_day(last_day), leave_pick(true, true, true, false)) WITH ORDINALITY e;
			BEGIN
				PERFORM leave_check(gone, first_day, last_day);
			EXCEPTION WHEN OTHERS THEN
				RAISE EXCEPTION 'world %, round %: % from % to %: % %', world, round, gone, first_day, last_day, SQLERRM, (SELECT jsonb_agg(to_jsonb(i)) FROM leave_piece i);
			END;
			moved := moved + (SELECT count(DISTINCT reservation_id) FROM leave_piece i WHERE i.moved);
			stayed := stayed + (SELECT count(DISTINCT reservation_id) FROM leave_piece i WHERE NOT i.moved);
			parted := parted + (SELECT count(*) FROM (SELECT FROM leave_piece i WHERE i.moved GROUP BY reservation_id HAVING count(DISTINCT provider) > 1) v);
		END LOOP;
	END LOOP;
	IF moved < 50 OR stayed < 30 OR parted < 3 THEN
		RAISE EXCEPTION 'not much of a test: % moved, % stayed, % to several providers', moved, stayed, parted;
	END IF;
END $$;
SELECT * FROM arbiter_check();
SELECT count(*) FROM arbiter_conflicts() WHERE resource_name LIKE 'leave-%';
DELETE FROM arbiter_claim WHERE request::text LIKE '%leave.%';
SELECT count(arbiter_drop_provider(name, force => true)) FROM arbiter_provider WHERE name LIKE 'leave-%' OR name = 'other-names';
SELECT count(arbiter_drop_provider_group(name)) FROM arbiter_provider_group WHERE name LIKE 'leave-%';
DROP VIEW leave_taken, leave_capacity;
DROP TABLE leave_before, leave_given, leave_piece, leave_now, leave_row;
