-- claims against a model that knows nothing of sets and searches: it goes through
-- every combination of providers, and looks at what each is asked to be
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pick(VARIADIC choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS
	$$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

-- five providers with two resource types, in two racks and two rows
CREATE FUNCTION make_world() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	p integer;
	g text;
	position text;
BEGIN
	PERFORM arbiter_drop_provider(name, force => true) FROM arbiter_provider WHERE name LIKE 'random-%';
	FOR p IN 1 .. 5 LOOP
		PERFORM arbiter_create_provider('random-' || p);
		FOREACH g IN ARRAY ARRAY['cpu', 'memory'] LOOP
			IF random() < 0.9 THEN
				PERFORM arbiter_set_inventory('random-' || p, 'random.' || g, (4 + random() * 6)::int,
					min_unit => pick(1, 1, 2), step_size => pick(1, 1, 2), max_unit => pick(NULL, NULL, 4),
					start_time => '2030-01-01', end_time => '2030-01-11');
				IF random() < 0.5 THEN
					PERFORM FROM arbiter_try_reserve(format('random-%s.random.%s', p, g), timestamptz '2030-01-01' + floor(random() * 5) * interval '1 day', timestamptz '2030-01-08', (1 + random() * 3)::int);
				END IF;
			END IF;
		END LOOP;
		FOREACH g IN ARRAY ARRAY['random.a', 'random.b'] LOOP
			IF random() < 0.6 THEN
				PERFORM arbiter_add_capability('random-' || p, g);
			END IF;
		END LOOP;
		PERFORM arbiter_add_to_group(pick('random-rack1'::text, 'random-rack2'), 'random-' || p);
		IF random() < 0.8 THEN
			PERFORM arbiter_add_to_group(pick('random-row1'::text, 'random-row2'), 'random-' || p);
		END IF;
		FOREACH g IN ARRAY ARRAY['random-rack1', 'random-rack2', 'random-row1', 'random-row2'] LOOP
			IF random() < 0.6 THEN
				PERFORM arbiter_set_distance('random-' || p, g, 'random.distance', pick('near'::text, 'middle', 'far'));
			END IF;
		END LOOP;
	END LOOP;
END $$;

-- a rule about names, for member_of and capabilities
CREATE FUNCTION make_rule(VARIADIC names text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	rule jsonb := '{}';
	key text;
	name text;
BEGIN
	FOREACH key IN ARRAY ARRAY['require', 'any', 'forbid'] LOOP
		name := pick(VARIADIC names);
		-- nothing can have what is both required and forbidden: that is no rule
		IF random() < 0.35 AND NOT (key = 'forbid' AND (rule->'require' ? name OR rule->'any' ? name)) THEN
			rule := rule || jsonb_build_object(key, jsonb_build_array(name));
		END IF;
	END LOOP;
	IF rule = '{}' THEN
		rule := jsonb_build_object('any', to_jsonb(names));
	END IF;
	RETURN rule;
END $$;

CREATE FUNCTION make_request(choose text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	n integer := pick(1, 1, 2, 2, 2, 3);
	groups jsonb := '[]';
	g jsonb;
	other text;
	distance jsonb;
BEGIN
	FOR i IN 1 .. n LOOP
		g := jsonb_build_object('name', 'g' || i, 'resources', CASE pick(1, 2, 3)
			WHEN 1 THEN jsonb_build_object('random.cpu', pick(1, 2, 3))
			WHEN 2 THEN jsonb_build_object('random.memory', jsonb_build_object('min', pick(1, 2), 'max', pick(2, 5)))
			ELSE jsonb_build_object('random.cpu', jsonb_build_object('min', 1, 'max', pick(1, 4)), 'random.memory', pick(1, 2)) END);
		IF random() < 0.3 THEN
			g := g || jsonb_build_object('capabilities', jsonb_build_array(make_rule('random.a', 'random.b'), make_rule('random.a', 'random.b')));
		END IF;
		IF random() < 0.2 THEN
			g := g || jsonb_build_object('member_of', make_rule('random-rack1', 'random-rack2', 'random-row1'));
		END IF;
		IF random() < 0.2 THEN
			g := g || jsonb_build_object('distances', jsonb_build_array(jsonb_build_object('type', 'random.distance', 'to', pick('random-rack1'::text, 'random-row2'))
				|| pick(jsonb '{"max": "middle"}', '{"min": "middle"}', '{"min": "near", "max": "near"}')));
		END IF;
		IF n > 1 THEN
			other := 'g' || (1 + i % n);
			IF random() < 0.3 THEN
				g := g || jsonb_build_object('isolate_from', jsonb_build_array(other));
			END IF;
			IF random() < 0.2 THEN
				g := g || jsonb_build_object('same_group', jsonb_build_object('random.rack', other));
			END IF;
			IF random() < 0.2 THEN
				distance := jsonb_build_object('type', 'random.distance', 'to_group', other)
					|| pick(jsonb '{"max": "middle"}', '{"min": "middle"}', '{"min": "middle", "max": "far"}');
				g := g || jsonb_build_object('distances', coalesce(g->'distances', '[]') || jsonb_build_array(distance));
			END IF;
		END IF;
		groups := groups || jsonb_build_array(g);
	END LOOP;
	RETURN jsonb_build_object('groups', groups, 'choose', choose);
END $$;

-- is one of some rules true of what something has?
CREATE FUNCTION rule_holds(rules jsonb, has text[]) RETURNS boolean LANGUAGE sql AS $$
	SELECT rules IS NULL OR EXISTS (
		SELECT FROM jsonb_array_elements(CASE jsonb_typeof(rules) WHEN 'array' THEN rules ELSE jsonb_build_array(rules) END) r
		WHERE coalesce((SELECT bool_and(x = ANY (has)) FROM jsonb_array_elements_text(r->'require') x), true)
			AND coalesce((SELECT bool_or(x = ANY (has)) FROM jsonb_array_elements_text(r->'any') x), true)
			AND NOT coalesce((SELECT bool_or(x = ANY (has)) FROM jsonb_array_elements_text(r->'forbid') x), false)) $$;

CREATE FUNCTION groups_of(provider text) RETURNS SETOF arbiter_provider_group LANGUAGE sql AS $$
	SELECT g.* FROM arbiter_provider_group g JOIN arbiter_provider_group_member USING (group_id)
	JOIN arbiter_provider p USING (provider_id) WHERE p.name = provider $$;

-- the positions from which a distance to some groups has the nearest
CREATE FUNCTION nearest(provider text, of_type text, to_groups text[]) RETURNS integer LANGUAGE sql AS $$
	SELECT min(d.position) FROM arbiter_provider_distance pd
	JOIN arbiter_provider p USING (provider_id) JOIN arbiter_provider_group g USING (group_id)
	JOIN arbiter_distance d USING (distance_id) JOIN arbiter_distance_type t ON t.distance_type_id = pd.distance_type_id
	WHERE p.name = provider AND t.name = of_type AND g.name = ANY (to_groups) $$;

CREATE FUNCTION position_of(distance text) RETURNS integer LANGUAGE sql AS
	$$ SELECT array_position(ARRAY['near', 'middle', 'far'], distance) - 1 $$;

-- the least of a resource that will do, in the units of an inventory
CREATE FUNCTION least_of(resource jsonb, i arbiter_inventory) RETURNS bigint LANGUAGE sql AS $$
	SELECT least FROM (SELECT ceil(greatest(CASE jsonb_typeof(resource) WHEN 'object' THEN (resource->>'min')::bigint ELSE resource::bigint END, i.min_unit)::numeric / i.step_size)::bigint * i.step_size AS least) v
	WHERE least <= least(CASE jsonb_typeof(resource) WHEN 'object' THEN (resource->>'max')::bigint ELSE resource::bigint END, i.max_unit) $$;

-- would a provider for each group satisfy a request, for two days?
CREATE FUNCTION satisfies(request jsonb, providers text[], start timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	i integer := 0;
	g jsonb;
	d jsonb;
	p text;
	r record;
	at integer;
	names text[];
BEGIN
	SELECT array_agg(x->>'name' ORDER BY n) INTO names FROM jsonb_array_elements(request->'groups') WITH ORDINALITY e(x, n);
	FOR g IN SELECT * FROM jsonb_array_elements(request->'groups') LOOP
		i := i + 1;
		p := providers[i];
		IF NOT rule_holds(g->'capabilities', ARRAY(SELECT c.name FROM arbiter_capability c JOIN arbiter_provider_capability USING (capability_id) JOIN arbiter_provider v USING (provider_id) WHERE v.name = p))
			OR NOT rule_holds(g->'member_of', ARRAY(SELECT name FROM groups_of(p))) THEN
			RETURN false;
		END IF;
		FOR d IN SELECT * FROM jsonb_array_elements(g->'distances') LOOP
			at := nearest(p, d->>'type', CASE WHEN d ? 'to' THEN ARRAY[d->>'to']
				ELSE ARRAY(SELECT name FROM groups_of(providers[array_position(names, d->>'to_group')])) END);
			IF at IS NULL OR at < coalesce(position_of(d->>'min'), 0) OR at > coalesce(position_of(d->>'max'), 2) THEN
				RETURN false;
			END IF;
		END LOOP;
		IF EXISTS (SELECT FROM jsonb_array_elements_text(g->'isolate_from') x WHERE providers[array_position(names, x)] = p)
			OR EXISTS (SELECT FROM jsonb_each_text(g->'same_group') x WHERE NOT EXISTS (
				SELECT FROM groups_of(p) a JOIN groups_of(providers[array_position(names, x.value)]) b USING (group_id) WHERE a.group_type = x.key)) THEN
			RETURN false;
		END IF;
	END LOOP;
	-- what all groups take together of each inventory, the least that will do
	FOR r IN SELECT providers[n] AS provider, resource.key AS type, v.resource_id, sum(least_of(resource.value, v)) AS least, count(least_of(resource.value, v)) = count(*) AS in_units
		FROM jsonb_array_elements(request->'groups') WITH ORDINALITY e(x, n) CROSS JOIN LATERAL jsonb_each(x->'resources') resource
		LEFT JOIN (arbiter_inventory v JOIN arbiter_resource USING (resource_id)) ON arbiter_resource.name = providers[n] || '.' || resource.key
		GROUP BY 1, 2, 3
	LOOP
		IF r.resource_id IS NULL OR NOT r.in_units
			OR arbiter_available(r.provider || '.' || r.type, start, start + interval '2 days') < r.least THEN
			RETURN false;
		END IF;
	END LOOP;
	RETURN true;
END $$;

-- every combination of providers that satisfies a request
CREATE FUNCTION combinations(request jsonb, start timestamptz DEFAULT '2030-01-03') RETURNS SETOF text[] LANGUAGE sql AS $$
	WITH RECURSIVE c (providers) AS (
		SELECT ARRAY[]::text[]
		UNION ALL
		SELECT providers || ('random-' || p) FROM c, generate_series(1, 5) p
		WHERE cardinality(providers) < jsonb_array_length(request->'groups'))
	SELECT providers FROM c WHERE cardinality(providers) = jsonb_array_length(request->'groups') AND satisfies(request, providers, start) $$;

-- a request without what a hint says
CREATE FUNCTION without(request jsonb, hint text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT request || jsonb_build_object('groups', jsonb_agg(CASE
		WHEN hint !~ 'between its groups' AND g->>'name' <> coalesce(substring(hint from 'group "(.*)"'), 'g1') THEN g
		WHEN hint ~ '^Without distances' THEN g - 'distances' || coalesce((
			SELECT jsonb_build_object('distances', jsonb_agg(d)) FROM jsonb_array_elements(g->'distances') d
			WHERE (d ? 'to') = (hint ~ 'between its groups') HAVING count(*) > 0), '{}')
		ELSE g - substring(hint from '^Without (\w+)') END))
	FROM jsonb_array_elements(request->'groups') g $$;

SELECT arbiter_create_provider_group('random-' || t || n, 'random.' || t) > 0 FROM unnest(ARRAY['rack', 'row']) t, generate_series(1, 2) n;
SELECT arbiter_set_distances('random.distance', ARRAY['near', 'middle', 'far']) IS NOT NULL;
SELECT setseed(0.4);
DO $$
DECLARE
	request jsonb;
	expected text[];
	answer text[];
	claimed text[];
	n integer;
	total integer := 0;
	impossible integer := 0;
	later integer := 0;
	loosened integer := 0;
	earliest timestamptz;
	tried record;
BEGIN
	FOR world IN 1 .. 8 LOOP
		PERFORM make_world();
		-- all names exist, whatever was drawn
		PERFORM arbiter_create_provider('random-names'), arbiter_add_capability('random-names', 'random.a'), arbiter_add_capability('random-names', 'random.b');
		FOR round IN 1 .. 12 LOOP
			request := make_request(pick('random'::text, 'pack', 'spread'));
			CONTINUE WHEN EXISTS (SELECT FROM jsonb_array_elements(request->'groups') g, jsonb_object_keys(g->'resources') t
				WHERE NOT EXISTS (SELECT FROM arbiter_resource WHERE resource_type = t AND provider_id IS NOT NULL));
			SELECT array_agg(providers::text ORDER BY providers) INTO expected FROM combinations(request) AS providers;
			SELECT array_agg(providers::text ORDER BY providers), count(*) INTO answer, n FROM (
				SELECT candidate, array_agg(provider ORDER BY group_name) AS providers
				FROM (SELECT DISTINCT candidate, group_name, provider FROM arbiter_find_claims(request, '2030-01-03', '2030-01-05', 1000)) v
				GROUP BY candidate) w;
			IF answer IS DISTINCT FROM expected THEN
				RAISE EXCEPTION 'world %, request %: model %, answer %', world, request, expected, answer;
			END IF;
			total := total + coalesce(n, 0);
			-- each amount is in units, and none is more than there is
			IF EXISTS (SELECT FROM arbiter_find_claims(request, '2030-01-03', '2030-01-05', 1000) f JOIN arbiter_resource r ON r.name = f.resource JOIN arbiter_inventory i USING (resource_id)
				WHERE f.amount % step_size <> 0 OR f.amount < min_unit OR f.amount > max_unit)
				OR EXISTS (SELECT FROM arbiter_find_claims(request, '2030-01-03', '2030-01-05', 1000) f GROUP BY candidate, resource HAVING sum(amount) > min(available)) THEN
				RAISE EXCEPTION 'world %, request %: amounts', world, request;
			END IF;
			BEGIN
				SELECT array_agg(provider ORDER BY group_name) INTO claimed
				FROM (SELECT DISTINCT group_name, provider FROM arbiter_claim(request, '2030-01-03', '2030-01-05')) v;
				IF NOT claimed::text = ANY (expected) THEN
					RAISE EXCEPTION 'world %, request %: model %, claimed %', world, request, expected, claimed;
				END IF;
				-- some stay
				IF random() < 0.8 THEN
					PERFORM arbiter_cancel(max(reservation_id)) FROM arbiter_claim;
				END IF;
			EXCEPTION WHEN SQLSTATE 'RV012' THEN
				impossible := impossible + 1;
				IF expected IS NOT NULL THEN
					RAISE EXCEPTION 'world %, request %: model %, refused: %', world, request, expected, SQLERRM;
				END IF;
				-- everything here begins and ends with a day
				earliest := '2030-01-04';
				WHILE earliest < '2030-01-10' AND NOT EXISTS (SELECT FROM combinations(request, earliest)) LOOP
					earliest := earliest + interval '1 day';
				END LOOP;
				earliest := nullif(earliest, '2030-01-10');
				SELECT * INTO tried FROM arbiter_try_claim(request, '2030-01-03', '2030-01-05');
				IF tried.earliest_start IS DISTINCT FROM earliest THEN
					RAISE EXCEPTION 'world %, request %: model %, earliest start %', world, request, earliest, tried;
				END IF;
				later := later + (earliest IS NOT NULL)::int;
				-- without what the hint says it would fit
				IF tried.hint ~ '^Without .* the claim fits' THEN
					loosened := loosened + 1;
					IF NOT EXISTS (SELECT FROM arbiter_find_claims(without(request, tried.hint), '2030-01-03', '2030-01-05')) THEN
						RAISE EXCEPTION 'world %, request %: not so: %', world, request, tried.hint;
					END IF;
				END IF;
			END;
		END LOOP;
	END LOOP;
	IF total < 200 OR impossible NOT BETWEEN 10 AND 60 OR later < 3 OR loosened < 3 THEN
		RAISE EXCEPTION 'not much of a test: % placements, % of 96 claims impossible, % of them possible later, % without something', total, impossible, later, loosened;
	END IF;
END $$;
SELECT * FROM arbiter_check();
SELECT count(*) FROM arbiter_conflicts();
SELECT count(*) FROM arbiter_provider WHERE arbiter_drop_provider(name, force => true) IS NULL;
