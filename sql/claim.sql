-- claims: a small deployment of shared nodes, and one rack of dedicated ones
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION make_node(site text, rack_row integer, rack integer, node integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := format('%s-row%s-rack%s-node%s', site, rack_row, rack, node);
	dedicated boolean := rack_row = 1 AND rack = 1;
	other text;
BEGIN
	PERFORM arbiter_create_provider(name);
	PERFORM arbiter_set_inventory(name, 'cpu.shared', CASE WHEN dedicated THEN 12 ELSE 24 END, allocation_ratio => CASE WHEN dedicated THEN 1 ELSE 16 END, start_time => '2020-01-01');
	PERFORM arbiter_set_inventory(name, 'memory', CASE WHEN dedicated THEN 68719476736 ELSE 137438953472 END, reserved => 268435456,
		min_unit => 67108864, max_unit => CASE WHEN dedicated THEN 68719476736 ELSE 103079215104 END, step_size => 67108864,
		allocation_ratio => CASE WHEN dedicated THEN 1 ELSE 1.5 END, start_time => '2020-01-01');
	PERFORM arbiter_set_inventory(name, 'storage.block', CASE WHEN dedicated THEN 4000000000000 ELSE 1000000000000 END,
		min_unit => 1000000000, step_size => 1000000000, start_time => '2020-01-01');
	PERFORM arbiter_set_capabilities(name, CASE WHEN dedicated THEN ARRAY['storage.disk.ssd']
		ELSE ARRAY['cpu.x86.avx', 'cpu.x86.avx2', 'cpu.x86.vmx', 'storage.disk.hdd'] END);
	PERFORM arbiter_add_to_group(g, name) FROM unnest(ARRAY[site, site || '-row' || rack_row, format('%s-row%s-rack%s', site, rack_row, rack)]) g;
	PERFORM arbiter_set_distance(name, format('%s-row%s-rack%s', site, rack_row, rack), 'failure', 'failure.local'),
		arbiter_set_distance(name, format('%s-row%s-rack%s', site, rack_row, rack), 'network', 'network.local'),
		arbiter_set_distance(name, site || '-row' || rack_row, 'failure', 'failure.rack'),
		arbiter_set_distance(name, site || '-row' || (1 - rack_row), 'failure', 'failure.row'),
		arbiter_set_distance(name, site, 'network', 'network.site');
	FOREACH other IN ARRAY array_remove(ARRAY['east', 'west'], site) LOOP
		PERFORM arbiter_set_distance(name, other, 'failure', 'failure.site'), arbiter_set_distance(name, other, 'network', 'network.remote');
	END LOOP;
END $$;
DO $$
BEGIN
	PERFORM arbiter_set_distances('failure', ARRAY['failure.local', 'failure.rack', 'failure.row', 'failure.site']),
		arbiter_set_distances('network', ARRAY['network.local', 'network.site', 'network.remote']);
	PERFORM arbiter_create_provider_group(s, 'site') FROM unnest(ARRAY['east', 'west']) s;
	PERFORM arbiter_create_provider_group(format('%s-row%s', s, r), 'row') FROM unnest(ARRAY['east', 'west']) s, generate_series(0, 1) r;
	PERFORM arbiter_create_provider_group(format('%s-row%s-rack%s', s, r, k), 'rack') FROM unnest(ARRAY['east', 'west']) s, generate_series(0, 1) r, generate_series(0, 1) k;
	PERFORM make_node(s, r, k, n) FROM unnest(ARRAY['east', 'west']) s, generate_series(0, 1) r, generate_series(0, 1) k, generate_series(0, 1) n ORDER BY s, r, k, n;
END $$;
SELECT count(*) FROM arbiter_provider WHERE name LIKE '%-node%';

-- where a claim may be placed
CREATE FUNCTION places(request jsonb) RETURNS TABLE (group_name text, providers bigint, examples text[]) LANGUAGE sql AS $$
	SELECT group_name, count(DISTINCT provider), (array_agg(DISTINCT provider ORDER BY provider))[:3]
	FROM arbiter_find_claims(request, '2086-01-01', 'infinity', 10000) GROUP BY 1 ORDER BY 1 $$;
CREATE FUNCTION small(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
	$$ SELECT '{"resources": {"cpu.shared": 1, "memory": 67108864, "storage.block": 1000000000}}' || more $$;

--
-- how many fit
--
SELECT arbiter_fits_all(jsonb_build_object(n || '.cpu.shared', 1, n || '.memory', 67108864, n || '.storage.block', 1000000000), '2086-01-01', 'infinity')
FROM unnest(ARRAY['east-row0-rack0-node0', 'east-row1-rack1-node0']) n;

--
-- constraints
--
SELECT * FROM places(small());
SELECT * FROM places(small('{"capabilities": {"require": ["cpu.x86.vmx"], "any": ["cpu.x86.avx", "cpu.x86.avx2"]}}'));
SELECT * FROM places(small('{"capabilities": [{"require": ["cpu.x86.vmx"], "any": ["cpu.x86.avx", "cpu.x86.avx2"]}, {"forbid": ["storage.disk.ssd"]}]}'));
SELECT * FROM places(small('{"capabilities": {"require": ["storage.disk.ssd"]}}'));
SELECT * FROM places(small('{"resource_capabilities": {"cpu.shared": {"require": ["cpu.x86.avx2"]}}}'));
SELECT * FROM places(small('{"member_of": {"require": ["east"], "any": ["east-row0", "east-row1"], "forbid": ["east-row1-rack1"]}}'));
SELECT * FROM places(small('{"distances": [{"type": "failure", "to": "east-row0-rack0", "max": "failure.local"}]}'));
SELECT * FROM places(small('{"distances": [{"type": "failure", "to": "east-row0", "min": "failure.row"}]}'));
SELECT * FROM places(small('{"distances": [{"type": "network", "to": "east", "min": "network.site", "max": "network.site"}, {"type": "failure", "to": "east-row0", "max": "failure.rack"}]}'));

-- two providers in different failure rows, but in one site
WITH c AS (SELECT candidate, max(provider) FILTER (WHERE group_name = 'a') AS a, max(provider) FILTER (WHERE group_name = 'b') AS b
	FROM arbiter_find_claims('{"groups": [{"name": "a", "resources": {"cpu.shared": 1}},
		{"name": "b", "resources": {"cpu.shared": 1}, "distances": [{"type": "failure", "to_group": "a", "min": "failure.row"}, {"type": "network", "to_group": "a", "max": "network.site"}]}]}', '2086-01-01', 'infinity', 10000)
	GROUP BY 1)
SELECT count(*), bool_and(split_part(a, '-', 1) = split_part(b, '-', 1)) AS one_site, bool_or(split_part(a, '-', 2) = split_part(b, '-', 2)) AS one_row FROM c;
-- the same, said of the other group
WITH c AS (SELECT candidate, max(provider) FILTER (WHERE group_name = 'a') AS a, max(provider) FILTER (WHERE group_name = 'b') AS b
	FROM arbiter_find_claims('{"groups": [{"name": "a", "resources": {"cpu.shared": 1}, "distances": [{"type": "failure", "to_group": "b", "min": "failure.row"}, {"type": "network", "to_group": "b", "max": "network.site"}]},
		{"name": "b", "resources": {"cpu.shared": 1}}]}', '2086-01-01', 'infinity', 10000)
	GROUP BY 1)
SELECT count(*), bool_and(split_part(a, '-', 1) = split_part(b, '-', 1)) AS one_site, bool_or(split_part(a, '-', 2) = split_part(b, '-', 2)) AS one_row FROM c;

-- a gang on one rack, on providers of its own, and none that another claim has
SELECT reservation_id AS other, provider AS others FROM arbiter_claim(small('{"member_of": {"require": ["west-row0-rack0"]}, "choose": "pack"}'), '2086-01-01', 'infinity') WHERE resource_type = 'memory' \gset
SELECT count(DISTINCT candidate), min(n), max(racks), bool_or(has_other)
FROM (SELECT candidate, count(DISTINCT provider) AS n, count(DISTINCT regexp_replace(provider, '-node.*', '')) AS racks, bool_or(provider = :'others') AS has_other
	FROM arbiter_find_claims(format('{"groups": [{"name": "a", "resources": {"cpu.shared": 1}, "isolate_from": ["b", %s]},
		{"name": "b", "resources": {"cpu.shared": 1}, "same_group": {"rack": "a"}, "isolate_from": [%s]}]}', :other, :other)::jsonb, '2086-01-01', 'infinity', 10000)
	GROUP BY 1) v;
SELECT outcome($$ SELECT * FROM arbiter_claim('{"groups": [{"name": "a", "resources": {"cpu.shared": 1}, "isolate_from": ["b", "c"]},
	{"name": "b", "resources": {"cpu.shared": 1}, "same_group": {"rack": "a"}, "isolate_from": ["c"]}, {"name": "c", "resources": {"cpu.shared": 1}, "same_group": {"rack": "a"}}]}', '2086-01-01', 'infinity') $$);

--
-- amounts: in units, between a minimum and a maximum, of several groups together
--
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"resources": {"memory": 67108865}}'), '2086-01-01', 'infinity'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"resources": {"memory": 67108863}}'), '2086-01-01', 'infinity'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"resources": {"memory": 103146323968}}'), '2086-01-01', 'infinity'));
SELECT provider, resource_type, amount FROM arbiter_claim('{"resources": {"cpu.shared": {"min": 5, "max": 1000}, "memory": {"min": 1, "max": 200000000}}, "member_of": {"require": ["east-row1-rack1"]}, "choose": "pack"}', '2086-01-01', '2086-02-01') ORDER BY 2;
SELECT group_name, provider, resource_type, amount FROM arbiter_claim('{"groups": [{"name": "greedy", "resources": {"cpu.shared": {"min": 1, "max": 1000}}, "member_of": {"require": ["west-row1-rack1"]}},
	{"name": "modest", "resources": {"cpu.shared": 5}, "member_of": {"require": ["west-row1-rack1"]}, "same_group": {"rack": "greedy"}}], "choose": "pack"}', '2086-01-01', '2086-02-01') ORDER BY 1;

--
-- several providers
--
SELECT group_name, provider, amount FROM arbiter_claim('{"resources": {"cpu.shared": 20}, "single_provider": false, "member_of": {"require": ["east-row1-rack1"]}}', '2087-01-01', '2087-02-01') ORDER BY 2;
SELECT outcome($$ SELECT * FROM arbiter_claim('{"resources": {"cpu.shared": 5}, "single_provider": false, "member_of": {"require": ["east-row1-rack1"]}}', '2087-01-01', '2087-02-01') $$);
SELECT outcome($$ SELECT * FROM arbiter_claim('{"groups": [{"resources": {"cpu.shared": 5}, "single_provider": false}, {"resources": {"memory": 67108864}, "single_provider": false}]}', '2087-01-01', '2087-02-01') $$);
SELECT count(DISTINCT provider), sum(amount) FILTER (WHERE resource_type = 'memory') AS memory, sum(amount) FILTER (WHERE resource_type = 'cpu.shared') AS cpu
FROM arbiter_claim('{"resources": {"cpu.shared": 4000, "memory": 1099511627776}, "single_provider": false}', '2087-01-01', '2087-02-01');

-- what would do instead: another start for all groups together, or to leave out what is in the way
CREATE FUNCTION two_apart(amount bigint, constraints jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('groups', jsonb_build_array(
		jsonb_build_object('name', 'a', 'resources', jsonb_build_object('cpu.shared', amount), 'isolate_from', '["b"]'::jsonb) || constraints,
		jsonb_build_object('name', 'b', 'resources', jsonb_build_object('cpu.shared', amount)) || constraints)) $$;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', two_apart(3, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-15', '2087-01-20'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', two_apart(6, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-15', '2087-01-20'));
SELECT count(*) FROM arbiter_find_claims(two_apart(3, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-31 23:59:59.999999', '2087-02-05');
SELECT granted, reason, earliest_start FROM arbiter_try_claim(two_apart(3, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-15', 'infinity', 'refused for good');
SET arbiter.search_horizon = '0';
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', two_apart(2, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-15', '2087-01-20'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', two_apart(3, '{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-01-15', '2087-01-20'));
SELECT outcome($$ SELECT * FROM arbiter_claim('{"resources": {"cpu.shared": 5}, "single_provider": false, "member_of": {"require": ["east-row1-rack1"]}}', '2087-01-01', '2087-02-01') $$);
RESET arbiter.search_horizon;
-- in steps of 4, 6 to 10 of it is 8
SELECT arbiter_create_provider('stepped' || n) > 0, arbiter_set_inventory('stepped' || n, 'stepped', 8, min_unit => 4, step_size => 4, start_time => '2020-01-01') > 0 FROM generate_series(1, 2) n;
SELECT sum(amount), count(*) FROM arbiter_claim('{"resources": {"stepped": {"min": 6, "max": 10}}, "single_provider": false}', '2087-01-01', '2087-02-01');
SELECT sum(amount), count(*) FROM arbiter_claim('{"resources": {"stepped": {"min": 6, "max": 10}}, "single_provider": false}', '2087-01-01', '2087-02-01');
SELECT outcome($$ SELECT * FROM arbiter_claim('{"resources": {"stepped": {"min": 1, "max": 10}}, "single_provider": false}', '2087-01-01', '2087-02-01') $$);
-- what is aligned nowhere has no earliest start; a NULL start is the earliest aligned one
SELECT arbiter_create_provider('aligned' || n) > 0, arbiter_set_inventory('aligned' || n, 'aligned', 10, start_time => '2020-01-01') > 0 FROM generate_series(1, 2) n;
SELECT arbiter_alter_resource('aligned' || n || '.aligned', granularity => '2 hours') FROM generate_series(1, 2) n;
SELECT hint, earliest_start FROM arbiter_try_claim('{"resources": {"aligned": 1}}', '2087-01-01 00:00', '2087-01-01 01:00');
SELECT hint, earliest_start FROM arbiter_try_claim('{"groups": [{"resources": {"aligned": 1}}, {"resources": {"aligned": 1}}]}', '2087-01-01 00:00', '2087-01-01 01:00');
SELECT hint, earliest_start FROM arbiter_try_claim('{"resources": {"aligned": 1}}', '2087-01-01 01:00', '2087-01-01 03:00');
BEGIN;
SELECT count(arbiter_reserve('aligned' || n || '.aligned', date_trunc('day', now()), date_trunc('day', now()) + interval '3 days', 8)) FROM generate_series(1, 2) n;
SELECT earliest_start = date_trunc('day', now()) + interval '3 days' FROM arbiter_try_claim('{"resources": {"aligned": 4}}', end_time => date_trunc('day', now()) + interval '2 days');
SELECT earliest_start = date_trunc('day', now()) + interval '3 days' FROM arbiter_try_claim('{"groups": [{"resources": {"aligned": 4}}, {"resources": {"aligned": 4}}]}', end_time => date_trunc('day', now()) + interval '2 days');
COMMIT;
SELECT arbiter_drop_provider('aligned' || n, force => true) FROM generate_series(1, 2) n;
-- a NULL start is what all that is given permits: by then, what is taken now may be free
BEGIN;
SELECT arbiter_create_provider('late' || n) > 0, arbiter_set_inventory('late' || n, 'late.cpu', 10) > 0, arbiter_set_inventory('late' || n, 'late.memory', 10) > 0 FROM generate_series(1, 2) n;
SELECT arbiter_alter_resource('late1.late.memory', min_lead => '2 hours');
SELECT arbiter_reserve('late1.late.cpu', now(), now() + interval '1 hour', 10) > 0, arbiter_reserve('late2.late.cpu', now(), now() + interval '3 hours', 10) > 0;
SELECT candidate, resource, available FROM arbiter_find_claims('{"resources": {"late.cpu": 1, "late.memory": 1}}', max_results => 10) ORDER BY resource;
SELECT provider, resource_type FROM arbiter_claim('{"resources": {"late.cpu": 1, "late.memory": 1}}') ORDER BY 2;
SELECT earliest_start = now() + interval '3 hours' FROM arbiter_try_claim('{"resources": {"late.cpu": 10, "late.memory": 1}}', end_time => now() + interval '4 hours');
-- what has no lead time is not kept waiting: each placement once, from its own start
SELECT count(DISTINCT candidate), count(DISTINCT (candidate, provider)) FROM arbiter_find_claims('{"groups": [{"resources": {"late.memory": 1}}, {"resources": {"late.memory": 1}, "isolate_from": ["1"]}]}', max_results => 10);
SELECT provider FROM arbiter_find_claims('{"resources": {"late.memory": 1}}', max_results => 10) ORDER BY 1;
SELECT arbiter_alter_resource('late2.late.memory', granularity => '1 hour');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) SELECT resource_id, tstzrange(now() + interval '2 hours', now() + interval '3 hours 1 minute'), 9, 'others' FROM arbiter_resource WHERE name = 'late1.late.memory';
SELECT provider FROM arbiter_claim('{"resources": {"late.memory": 1}}', end_time => date_trunc('hour', now()) + interval '9 hours');
SELECT bool_and(lower(during) = date_trunc('hour', lower(during))), count(*) FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE name = 'late2.late.memory';
-- together they start when both permit it: at the first full hour in two
CREATE FUNCTION apart() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(DISTINCT candidate) FROM arbiter_find_claims('{"groups": [{"resources": {"late.memory": 1}}, {"resources": {"late.memory": 1}, "isolate_from": ["1"]}]}',
		end_time => date_trunc('hour', now()) + interval '9 hours', max_results => 10) $$;
SELECT apart();
DELETE FROM arbiter_reservation WHERE user_id = 'others';
SELECT apart();
-- and of five and seven hours, in thirty-five
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
SELECT resource_id, tstzrange(date_trunc('hour', now()), to_timestamp(ceil(extract(epoch FROM now()) / 126000) * 126000)), arbiter_available(name, date_trunc('hour', now()), now() + interval '2 days'), 'others' FROM arbiter_resource WHERE resource_type = 'late.memory';
SELECT arbiter_alter_resource('late1.late.memory', granularity => '5 hours', clear => '{min_lead}'), arbiter_alter_resource('late2.late.memory', granularity => '7 hours');
SELECT count(DISTINCT candidate) FROM arbiter_find_claims('{"groups": [{"resources": {"late.memory": 1}}, {"resources": {"late.memory": 1}, "isolate_from": ["1"]}]}', max_results => 10);
ROLLBACK;
-- each from its own start: one that is spread, and one whose resources have many granularities
BEGIN;
SELECT arbiter_create_provider('apart' || n) > 0, arbiter_set_inventory('apart' || n, 'apart', CASE n WHEN 1 THEN 10 ELSE 1 END) > 0 FROM generate_series(1, 2) n;
SELECT arbiter_alter_resource('apart2.apart', min_lead => '1 hour'), arbiter_reserve('apart1.apart', now(), now() + interval '30 minutes', 10) > 0;
SELECT granted FROM arbiter_try_claim('{"resources": {"apart": 1}, "single_provider": false}');
SELECT arbiter_set_inventory('apart1', 'apart' || n, 10) > 0, arbiter_alter_resource('apart1.apart' || n, granularity => make_interval(mins => (ARRAY[2, 3, 5, 7, 11])[n])) FROM generate_series(1, 5) n;
SELECT granted FROM arbiter_try_claim('{"resources": {"apart1": 1, "apart2": 1, "apart3": 1, "apart4": 1, "apart5": 1}}');
ROLLBACK;
-- what is intricate at one start does not keep others from an answer
BEGIN;
SELECT count(arbiter_create_provider('many' || n)), count(arbiter_set_inventory('many' || n, 'many', 10)) FROM generate_series(1, 13) n;
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT resource_id, tstzrange(now(), CASE name WHEN 'many12.many' THEN 'infinity' ELSE now() + interval '30 minutes' END), 10 FROM arbiter_resource WHERE resource_type = 'many';
SELECT arbiter_alter_resource('many12.many', min_lead => '1 hour'), arbiter_alter_resource('many13.many', min_lead => '2 hours');
SET LOCAL arbiter.claim_tries = 500;
SELECT count(*), min(provider) FROM arbiter_claim('{"groups": [{"resources": {"many": 1}}, {"resources": {"many": 1}}, {"resources": {"many": 1}}]}');
SELECT arbiter_alter_provider('many13', claimable => false);
SELECT granted, reason, earliest_start = now() + interval '30 minutes' FROM arbiter_try_claim('{"groups": [{"resources": {"many": 4}}, {"resources": {"many": 4}}, {"resources": {"many": 4}}]}');
ROLLBACK;
-- one has a lead time and is never free, the other is free in half an hour
BEGIN;
SELECT arbiter_create_provider('soon' || n) > 0, arbiter_set_inventory('soon' || n, 'soon', 10) > 0 FROM generate_series(1, 2) n;
INSERT INTO arbiter_reservation (resource_id, during, amount)
SELECT resource_id, tstzrange(now(), CASE name WHEN 'soon1.soon' THEN 'infinity' ELSE now() + interval '30 minutes' END), 10 FROM arbiter_resource WHERE resource_type = 'soon';
SELECT arbiter_alter_resource('soon1.soon', min_lead => '2 hours');
SELECT count(*) FROM arbiter_find_claims('{"resources": {"soon": 1}}');
SELECT earliest_start = now() + interval '30 minutes' FROM arbiter_try_claim('{"resources": {"soon": 1}}');
SELECT earliest_start = now() + interval '30 minutes' FROM arbiter_try_claim('{"groups": [{"resources": {"soon": 1}}, {"resources": {"soon": 1}}]}');
ROLLBACK;
-- with units that differ, a small one may be what is missing: 6 and 5 are 11
SELECT arbiter_create_provider('uneven' || n) > 0, arbiter_set_inventory('uneven' || n, 'uneven', (ARRAY[10, 9, 5])[n], min_unit => (ARRAY[6, 6, 1])[n], start_time => '2020-01-01') > 0 FROM generate_series(1, 3) n;
SELECT provider, amount FROM arbiter_find_claims('{"resources": {"uneven": 11}, "single_provider": false}', '2087-01-01', '2087-02-01') ORDER BY 1;

--
-- many groups
--
CREATE FUNCTION groups_of(n integer, resource_type text, amount bigint, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('groups', jsonb_agg(jsonb_build_object('name', 'g' || i, 'resources', jsonb_build_object(resource_type, amount)) || more)) FROM generate_series(1, n) i $$;
-- one of them gives single units, and has five
SELECT count(DISTINCT provider), count(*) FROM arbiter_find_claims(groups_of(5, 'uneven', 1), '2087-01-01', '2087-02-01');
SELECT count(*) FROM arbiter_find_claims(groups_of(6, 'uneven', 1), '2087-01-01', '2087-02-01');
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', groups_of(30, 'cpu.shared', 300), '2025-01-01', '2025-02-01'));
-- one that has no place spoils it for all, at once
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', jsonb_set(groups_of(8, 'cpu.shared', 1), '{groups,7,resources}', '{"cpu.shared": 385}'), '2025-01-01', '2025-02-01'));
-- what is too hard is an error, not an answer
SET arbiter.claim_tries = 500;
SELECT outcome($$ SELECT * FROM arbiter_claim('{"groups": [{"name": "a", "resources": {"cpu.shared": 200}, "isolate_from": ["b", "c", "d"]}, {"name": "b", "resources": {"cpu.shared": 200}, "isolate_from": ["c", "d"]},
	{"name": "c", "resources": {"cpu.shared": 200}, "isolate_from": ["d"], "same_group": {"row": "a"}}, {"name": "d", "resources": {"cpu.shared": 200}, "same_group": {"rack": "a"}, "distances": [{"type": "network", "to_group": "a", "min": "network.remote"}]}]}', '2025-01-01', '2025-02-01') $$);
RESET arbiter.claim_tries;

--
-- at random is any of them
--
SELECT count(DISTINCT provider) > 5 FROM generate_series(1, 60) n, arbiter_find_claims(small('{"member_of": {"require": ["east"]}}'), '2025-01-01', timestamptz '2025-01-01' + n * interval '1 day') f;

--
-- one node is filled to the last
--
SELECT count(*) FROM generate_series(1, 12) n, arbiter_try_claim(small('{"member_of": {"require": ["east-row1-rack1"]}, "choose": "pack"}'), '2088-01-01', 'infinity', 'user' || n) WHERE granted;
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2088-01-01', 'infinity', 100);
SELECT count(*) FROM generate_series(1, 12) n, arbiter_try_claim(small('{"member_of": {"require": ["east-row1-rack1"]}, "choose": "pack"}'), '2088-01-01', 'infinity', 'user' || n) WHERE granted;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2088-01-01', 'infinity'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"member_of": {"require": ["east"]}, "capabilities": {"require": ["storage.disk.ssd"]}}'), '2087-12-01', '2088-02-01'));
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"capabilities": {"require": ["storage.disk.ssd"], "forbid": ["storage.disk.hdd"]}, "member_of": {"require": ["west-row0"]}}'), '2088-01-01', 'infinity'));
-- it is free until then, and for a shorter time
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2087-11-01', '2088-01-01', 100);

--
-- try: a refusal is a row, and logged
--
SELECT granted, reason, message, detail, hint, earliest_start FROM arbiter_try_claim(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2088-01-01', '2088-02-01', 'refused');
SELECT resource_id, during, amount, user_id, reason, message, requirements FROM arbiter_denial WHERE user_id = 'refused';

--
-- what is written
--
SELECT arbiter_set_consumer('web', 'instance', 'shop', 'ada') > 0;
SELECT reservation_id AS id FROM arbiter_claim(small('{"member_of": {"require": ["west-row0-rack1"]}, "choose": "pack"}'), '2089-01-01', 'infinity', 'ada', 'key-1', 'web') WHERE resource_type = 'memory' \gset
SELECT part, name, during, amount, user_id, status FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE reservation_id = :id ORDER BY name;
SELECT request, allocations, c.name FROM arbiter_claim JOIN arbiter_consumer c USING (consumer_id) WHERE reservation_id = :id;
-- the same again is the same; with other arguments it is refused
SELECT reservation_id = :id AS same, provider, resource_type, amount FROM arbiter_claim(small('{"member_of": {"require": ["west-row0-rack1"]}, "choose": "pack"}'), '2089-01-01', 'infinity', 'ada', 'key-1', 'web') ORDER BY 3;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L, %L, %L)', small(), '2089-01-01', 'infinity', 'ada', 'key-1'));
SELECT outcome($$ SELECT arbiter_reserve('east-row0-rack0-node0.cpu.shared', '2089-01-01', '2089-01-02', 1, 'ada', 'key-1') $$);
-- what somebody made of the row is not believed
UPDATE arbiter_claim SET allocations = '[1, 2]' WHERE reservation_id = :id;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L, %L, %L, %L)', request, '2089-01-01', 'infinity', 'ada', 'key-1', 'web')) FROM arbiter_claim WHERE reservation_id = :id;
UPDATE arbiter_claim SET allocations = '5' WHERE reservation_id = :id;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L, %L, %L, %L)', request, '2089-01-01', 'infinity', 'ada', 'key-1', 'web')) FROM arbiter_claim WHERE reservation_id = :id;
UPDATE arbiter_claim SET allocations = '[{"group": "1", "provider": 7}]' WHERE reservation_id = :id;
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L, %L, %L, %L)', request, '2089-01-01', 'infinity', 'ada', 'key-1', 'web')) FROM arbiter_claim WHERE reservation_id = :id;
-- a hold
SELECT count(*) AS parts, min(reservation_id) AS hold FROM arbiter_claim(small(), '2089-01-01', '2089-02-01', ttl => '1 hour') \gset
SELECT :parts;
SELECT DISTINCT status, expires_at IS NOT NULL FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT arbiter_confirm(:hold), arbiter_cancel(:hold);
-- a NULL start is now
SELECT min(reservation_id) AS id FROM arbiter_claim(small(), end_time => '2200-01-01') \gset
SELECT DISTINCT lower(during) = created_at AS now, upper(during) FROM arbiter_reservation WHERE reservation_id = :id;

--
-- what a resource's options and quotas say, holds
--
SELECT arbiter_alter_resource('west-row0-rack0-node0.cpu.shared', setup_time => '1 h', granularity => '1 h', min_lead => '1 day');
SELECT * FROM places(small('{"member_of": {"require": ["west-row0-rack0"]}}'));
SELECT count(*) FROM arbiter_find_claims(small('{"member_of": {"require": ["west-row0-rack0"]}}'), '2090-01-01 00:30', '2090-01-02', 10) WHERE provider = 'west-row0-rack0-node0';
SELECT count(*) FROM arbiter_find_claims(small('{"member_of": {"require": ["west-row0-rack0"]}}'), '2090-01-01 00:00', '2090-01-02', 10) WHERE provider = 'west-row0-rack0-node0';
-- the other node of the rack is not aligned
SELECT arbiter_reserve('west-row0-rack0-node0.cpu.shared', '2090-02-01', '2090-02-02', 300) > 0;
SELECT hint FROM arbiter_try_claim('{"resources": {"cpu.shared": 500}, "single_provider": false, "member_of": {"require": ["west-row0-rack0"]}}', '2090-02-01 12:00', '2090-02-01 13:00');
SELECT arbiter_alter_resource('west-row0-rack0-node0.cpu.shared', clear => '{setup_time,granularity,min_lead}');
SELECT arbiter_set_quota('limited', 2, resource_type => 'cpu.shared') > 0;
SELECT count(*) FROM generate_series(1, 2) n, arbiter_try_claim(small(), '2090-01-01', timestamptz '2090-01-01' + n * interval '1 day', 'limited') WHERE granted;
SELECT granted, reason, message FROM arbiter_try_claim(small(), '2090-01-01', '2090-01-02', 'limited');
SELECT arbiter_drop_quota('limited', resource_type => 'cpu.shared');
-- an expired hold is in nobody's way
SELECT count(*) FROM arbiter_claim('{"resources": {"cpu.shared": 12}, "member_of": {"require": ["west-row1-rack1"]}}', '2091-01-01', '2091-02-01', ttl => '1 hour');
SELECT count(*) FROM arbiter_claim('{"resources": {"cpu.shared": 12}, "member_of": {"require": ["west-row1-rack1"]}}', '2091-01-01', '2091-02-01', ttl => '1 hour');
SELECT count(*) FROM arbiter_find_claims('{"resources": {"cpu.shared": 12}, "member_of": {"require": ["west-row1-rack1"]}}', '2091-01-01', '2091-02-01', 10);
UPDATE arbiter_reservation SET expires_at = '2001-01-01' WHERE status = 'held';
SELECT count(DISTINCT provider) FROM arbiter_find_claims('{"resources": {"cpu.shared": 12}, "member_of": {"require": ["west-row1-rack1"]}}', '2091-01-01', '2091-02-01', 10);
SELECT count(DISTINCT provider) FROM arbiter_claim('{"resources": {"cpu.shared": 12}, "member_of": {"require": ["west-row1-rack1"]}}', '2091-01-01', '2091-02-01');
-- and nobody needs to be isolated from it
SELECT min(reservation_id) AS hold FROM arbiter_claim(small('{"member_of": {"require": ["west-row1-rack1"]}}'), '2091-03-01', '2091-04-01', ttl => '1 hour') \gset
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small(jsonb_build_object('member_of', jsonb_build_object('require', '{west-row1-rack1}'::text[]), 'isolate_from', ARRAY[:hold])), '2091-03-01', '2091-04-01', 10);
UPDATE arbiter_reservation SET expires_at = '2001-01-01' WHERE reservation_id = :hold;
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small(jsonb_build_object('member_of', jsonb_build_object('require', '{west-row1-rack1}'::text[]), 'isolate_from', ARRAY[:hold])), '2091-03-01', '2091-04-01', 10);

--
-- what does not exist, or is no argument
--
SELECT outcome(format('SELECT * FROM arbiter_find_claims(%L)', small(wrong))) FROM (VALUES
	(jsonb '{"resources": {"gold": 1}}'), ('{"capabilities": {"require": ["magic"]}}'), ('{"capabilities": {"forbid": ["magic"]}}'),
	('{"member_of": {"any": ["north"]}}'), ('{"distances": [{"type": "time", "to": "east", "max": "short"}]}'),
	('{"distances": [{"type": "failure", "to": "east", "max": "short"}]}'), ('{"distances": [{"type": "failure", "to": "north", "max": "failure.row"}]}'),
	('{"distances": [{"type": "failure", "to": "east", "min": "failure.site", "max": "failure.row"}]}'),
	('{"partition": "none"}'), ('{"isolate_from": [999999999]}')) v(wrong);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), user_id => 'ada', consumer => 'nobody') $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), '2086-01-02', '2086-01-01') $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(NULL) $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), '2086-01-01', NULL) $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), '2086-01-01', '2086-01-02', NULL) $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), '2086-01-01', '2086-01-02', ttl => '-1 h') $$);
SELECT outcome($$ SELECT * FROM arbiter_find_claims(small(), max_results => 0) $$);
SELECT outcome($$ SELECT * FROM arbiter_find_claims(small(), '2019-01-01', '2019-01-02') $$);
SELECT outcome($$ SELECT * FROM arbiter_claim(small(), '2019-12-31', '2086-01-02') $$);
BEGIN READ ONLY;
SELECT outcome($$ SELECT * FROM arbiter_claim(small()) $$);
SELECT count(*) FROM arbiter_find_claims(small());
COMMIT;

--
-- the model changes
--
SELECT arbiter_alter_provider('east-row1-rack1-node0', claimable => false), arbiter_alter_provider('east-row1-rack1-node1', claimable => false);
SELECT outcome(format('SELECT * FROM arbiter_claim(%L, %L, %L)', small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2020-06-01', '2020-06-02'));
BEGIN;
SELECT arbiter_alter_provider('east-row1-rack1-node1', claimable => true);
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2020-06-01', '2020-06-02', 9);
SAVEPOINT s;
SELECT arbiter_alter_provider('east-row1-rack1-node0', claimable => true);
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2020-06-01', '2020-06-02', 9);
ROLLBACK TO s;
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2020-06-01', '2020-06-02', 9);
ROLLBACK;
SELECT count(DISTINCT provider) FROM arbiter_find_claims(small('{"member_of": {"require": ["east-row1-rack1"]}}'), '2020-06-01', '2020-06-02', 9);
SELECT arbiter_create_partition('lab') > 0, arbiter_alter_provider('west-row0-rack0-node1', partition => 'lab');
SELECT provider, resource FROM arbiter_find_claims(small('{"partition": "lab"}'), '2021-01-01', '2021-02-01') ORDER BY 2;
-- a provider is renamed, and its resources with it
SELECT arbiter_alter_provider('west-row0-rack0-node1', 'lab-node');
SELECT provider, resource FROM arbiter_find_claims(small('{"partition": "lab"}'), '2021-01-01', '2021-02-01') ORDER BY 2;
SELECT count(*) FROM arbiter_claim(small('{"partition": "lab"}'), '2021-01-01', '2021-02-01');

--
-- users' triggers: what one did in a try that failed is undone; one may make a claim itself
--
CREATE TABLE heard (provider text);
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO heard SELECT name FROM arbiter_resource WHERE resource_id = NEW.resource_id;
	IF NEW.user_id = 'outer' THEN
		PERFORM arbiter_alter_provider('lab-node', claimable => NOT claimable) FROM arbiter_provider WHERE name = 'lab-node';
		PERFORM arbiter_claim(small('{"choose": "spread"}'), '2092-01-01', '2092-01-02', 'inner');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER hear BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION hear();
SELECT count(*) FROM arbiter_claim('{"groups": [{"resources": {"cpu.shared": 1, "memory": 67108864}}, {"resources": {"storage.block": 1000000000}}], "choose": "spread"}', '2092-01-01', '2092-01-02', 'outer');
SELECT user_id, count(*) FROM arbiter_reservation WHERE user_id IN ('outer', 'inner') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM heard;
-- what one did in a try that was refused is undone
CREATE OR REPLACE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO heard SELECT name FROM arbiter_resource WHERE resource_id = NEW.resource_id;
	IF EXISTS (SELECT FROM arbiter_resource WHERE resource_id = NEW.resource_id AND name = 'west-row0-rack1-node0.memory') THEN
		NEW.amount := 1000000000000000;
	END IF;
	RETURN NEW;
END $$;
TRUNCATE heard;
SELECT DISTINCT provider FROM arbiter_claim(small('{"member_of": {"require": ["west-row0-rack1"]}, "choose": "pack"}'), '2092-01-01', '2092-01-02');
SELECT provider FROM heard ORDER BY 1;
-- one that fails: the session goes on
CREATE OR REPLACE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
SELECT count(*) FROM arbiter_claim(small(), '2092-01-01', '2092-01-02');
SELECT 1;
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM arbiter_claim(small(), '2092-01-01', '2092-01-02');
ROLLBACK TO s;
SELECT count(*) FROM heard;
COMMIT;
DROP TRIGGER hear ON arbiter_reservation;
DROP FUNCTION hear();

SELECT * FROM arbiter_check();
SELECT * FROM arbiter_conflicts();

--
-- privileges: EXECUTE is all it takes
--
CREATE ROLE claimer;
GRANT EXECUTE ON FUNCTION arbiter_claim, arbiter_find_claims TO claimer;
GRANT EXECUTE ON FUNCTION small TO claimer;
SET ROLE claimer;
SELECT count(*) FROM arbiter_claim(small(), '2093-01-01', '2093-01-02');
SELECT count(*) FROM arbiter_find_claims(small(), '2093-01-01', '2093-01-02');
SELECT outcome($$ SELECT granted FROM arbiter_try_claim(small(), '2093-01-01', '2093-01-02') $$);
SELECT outcome($$ SELECT count(*) FROM arbiter_claim $$);
RESET ROLE;
DROP OWNED BY claimer;
DROP ROLE claimer;
DELETE FROM arbiter_reservation WHERE resource_id IN (SELECT resource_id FROM arbiter_resource WHERE provider_id IS NOT NULL);
SELECT count(*) FROM arbiter_provider WHERE arbiter_drop_provider(name, force => true) IS NULL;
