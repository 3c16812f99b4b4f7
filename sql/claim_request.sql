-- The document of a claim: what is read of it, and each mistake in it.
SET timezone TO 'UTC';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- one group, by itself or in an array of groups
SELECT arbiter_check_claim_request('{"resources": {"cpu": 1}}');
SELECT arbiter_check_claim_request('{"groups": [{"resources": {"cpu": 1}}]}')
	= arbiter_check_claim_request('{"resources": {"cpu": {"min": 1, "max": 1}}, "name": "1", "single_provider": true, "choose": "random"}');
-- whole numbers however they are written, up to the largest
SELECT arbiter_check_claim_request('{"resources": {"a": 1.0, "b": 1e3, "c": 9223372036854775807, "d": {"max": 9223372036854775807, "min": 1}}}');
-- everything there is
CREATE TEMPORARY TABLE request (title text PRIMARY KEY, document jsonb);
INSERT INTO request VALUES ('full', '{
	"groups": [{
		"name": "a",
		"resources": {"memory": {"min": 67108864, "max": 134217728}, "cpu.shared": 1},
		"capabilities": [{"require": ["cpu.x86.vmx"], "any": ["cpu.x86.avx2", "cpu.x86.avx"]}, {"forbid": ["storage.disk.ssd"]}],
		"resource_capabilities": {"memory": {"forbid": ["slow"]}, "cpu.shared": [{"require": ["cpu.x86.avx2"]}]},
		"member_of": {"require": ["east"], "any": ["east-row1", "east-row0"], "forbid": ["east-row1-rack1"]},
		"distances": [{"type": "failure", "to": "east-row1", "min": "failure.row", "max": "failure.site"},
			{"type": "network", "to_group": "b", "max": "network.site"}],
		"isolate_from": [4711, "b", -3, "3"],
		"same_group": {"row": ["3", "b"], "rack": "b"}
	}, {
		"name": "b",
		"resources": {"gpu": 4},
		"single_provider": false,
		"distances": [{"type": "network", "to_group": "a", "min": "network.local"}]
	}, {
		"resources": {"cpu.shared": {"min": 2, "max": 2}}
	}],
	"choose": "pack",
	"partition": "lab"}');
\pset format aligned
SELECT jsonb_pretty(arbiter_check_claim_request(document)) FROM request;
\pset format unaligned
-- what is written is read as itself
SELECT arbiter_check_claim_request(arbiter_check_claim_request(document)) = arbiter_check_claim_request(document) FROM request;
-- the order of groups, and of alternatives, stays; of names it does not matter
SELECT arbiter_check_claim_request('{"resources": {"b": 1, "aa": 1}, "capabilities": [{"any": ["z", "y"]}, {"require": ["x", "w"]}]}')
	= arbiter_check_claim_request('{"resources": {"aa": 1, "b": 1}, "capabilities": [{"any": ["y", "z"]}, {"require": ["w", "x"]}]}');
SELECT arbiter_check_claim_request('{"resources": {"a": 1}, "capabilities": [{"any": ["y"]}, {"any": ["x"]}]}')
	= arbiter_check_claim_request('{"resources": {"a": 1}, "capabilities": [{"any": ["x"]}, {"any": ["y"]}]}');
SELECT g ->> 'name' FROM jsonb_array_elements(arbiter_check_claim_request(
	'{"groups": [{"name": "z", "resources": {"a": 1}}, {"resources": {"a": 1}}, {"name": "a", "resources": {"a": 1}}]}') -> 'groups') g;
SELECT arbiter_check_claim_request(jsonb_build_object('choose', choice, 'resources', '{"a": 1}'::jsonb)) ->> 'choose'
FROM unnest(ARRAY['random', 'pack', 'spread']) choice;
-- names are any text
SELECT arbiter_check_claim_request('{"resources": {"a \"b\".c ": 1}, "member_of": {"any": ["Ünïcode", "'' OR true --"]}, "partition": " "}');
-- sixty-four groups, each with the next one, and the last with the first
SELECT count(*), count(DISTINCT g -> 'name'), count(g -> 'isolate_from')
FROM jsonb_array_elements(arbiter_check_claim_request((SELECT jsonb_build_object('groups',
	jsonb_agg(jsonb_build_object('resources', '{"a": 1}'::jsonb, 'isolate_from', jsonb_build_array((n % 64 + 1)::text)) ORDER BY n))
	FROM generate_series(1, 64) n)) -> 'groups') g;
-- long lists
SELECT jsonb_array_length(arbiter_check_claim_request(jsonb_build_object('resources', '{"a": 1}'::jsonb,
	'isolate_from', (SELECT jsonb_agg(n) FROM generate_series(1, 30000) n),
	'member_of', jsonb_build_object('any', (SELECT jsonb_agg(n::text) FROM generate_series(1, 30000) n)))) #> '{groups,0,member_of,0,any}');

-- each mistake, and where it is
CREATE FUNCTION mistake(document jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT outcome(format('SELECT arbiter_check_claim_request(%L)', document))
$$;
-- one in the full document: what is put where
CREATE FUNCTION mistake(path text[], value jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT mistake(jsonb_set(document, path, value)) FROM request WHERE title = 'full'
$$;

-- the document
SELECT mistake(NULL);
SELECT mistake('null');
SELECT mistake('4');
SELECT mistake('"cpu"');
SELECT mistake('[]');
SELECT mistake('[{"resources": {"cpu": 1}}]');
SELECT mistake('{}');
SELECT mistake('{"choose": "pack"}');
SELECT mistake('{"recources": {"cpu": 1}}');
SELECT mistake('{"groups": [{"resources": {"cpu": 1}}], "resources": {"cpu": 1}}');
SELECT mistake('{"resources": {"cpu": 1}, "choose": "best"}');
SELECT mistake('{"resources": {"cpu": 1}, "choose": "Pack"}');
SELECT mistake('{"resources": {"cpu": 1}, "choose": 1}');
SELECT mistake('{"resources": {"cpu": 1}, "choose": null}');
SELECT mistake('{"resources": {"cpu": 1}, "partition": ""}');
SELECT mistake('{"resources": {"cpu": 1}, "partition": ["lab"]}');

-- groups
SELECT mistake('{"groups": []}');
SELECT mistake('{"groups": {"resources": {"cpu": 1}}}');
SELECT mistake('{"groups": null}');
SELECT mistake('{"groups": ["a"]}');
SELECT mistake('{"groups": [{"resources": {"cpu": 1}}, {"resources": {"cpu": 1}, "capability": []}]}');
SELECT mistake('{"groups": [{"resources": {"cpu": 1}}, {}]}');
SELECT mistake('{"groups": [{"resources": {"cpu": 1}}, null]}');
SELECT mistake('{"groups": [{"name": "2", "resources": {"cpu": 1}}, {"resources": {"cpu": 1}}]}');
SELECT mistake('{groups,2,name}', '"a"');
SELECT mistake('{groups,2,name}', '""');
SELECT mistake('{groups,2,name}', '2');
SELECT mistake((SELECT jsonb_build_object('groups', jsonb_agg('{"resources": {"a": 1}}'::jsonb)) FROM generate_series(1, 65)));

-- amounts
SELECT mistake('{"resources": {}}');
SELECT mistake('{"resources": [1]}');
SELECT mistake('{"resources": null}');
SELECT mistake('{"resources": {"": 1}}');
SELECT mistake('{"resources": {"cpu": 0}}');
SELECT mistake('{"resources": {"cpu": -1}}');
SELECT mistake('{"resources": {"cpu": -9223372036854775808}}');
SELECT mistake('{"resources": {"cpu": 1.5}}');
SELECT mistake('{"resources": {"cpu": 1e30}}');
SELECT mistake('{"resources": {"cpu": 9223372036854775808}}');
SELECT mistake('{"resources": {"cpu": -9223372036854775809}}');
SELECT mistake('{"resources": {"cpu": "1"}}');
SELECT mistake('{"resources": {"cpu": true}}');
SELECT mistake('{"resources": {"cpu": [1, 2]}}');
SELECT mistake('{"resources": {"cpu": null}}');
SELECT mistake('{"resources": {"cpu": {}}}');
SELECT mistake('{"resources": {"cpu": {"min": 1}}}');
SELECT mistake('{"resources": {"cpu": {"max": 1}}}');
SELECT mistake('{"resources": {"cpu": {"min": 1, "max": 2, "step": 1}}}');
SELECT mistake('{"resources": {"cpu": {"min": 3, "max": 2}}}');
SELECT mistake('{"resources": {"cpu": {"min": 0, "max": 2}}}');
SELECT mistake('{groups,0,resources,cpu.shared}', '{"min": 1, "max": 2.5}');
SELECT mistake('{groups,0,resources,cpu.shared}', '{"min": 1, "max": null}');

-- capabilities and memberships
SELECT mistake('{groups,0,capabilities}', '[]');
SELECT mistake('{groups,0,capabilities}', '{}');
SELECT mistake('{groups,0,capabilities}', '"cpu.x86.vmx"');
SELECT mistake('{groups,0,capabilities}', 'null');
SELECT mistake('{groups,0,capabilities}', '["cpu.x86.vmx"]');
SELECT mistake('{groups,0,capabilities,1}', '{}');
SELECT mistake('{groups,0,capabilities,1}', '{"required": ["a"]}');
SELECT mistake('{groups,0,capabilities,1,require}', '"a"');
SELECT mistake('{groups,0,capabilities,1,require}', '[]');
SELECT mistake('{groups,0,capabilities,1,require}', '{"a": 1}');
SELECT mistake('{groups,0,capabilities,1,require}', '["a", ""]');
SELECT mistake('{groups,0,capabilities,1,require}', '["a", 1]');
SELECT mistake('{groups,0,capabilities,1,require}', '["a", null]');
SELECT mistake('{groups,0,capabilities,1,require}', '["a", ["b"]]');
SELECT mistake('{groups,0,capabilities,1,require}', '["b", "a", "b"]');
SELECT mistake('{groups,0,capabilities,1,require}', '["a", "storage.disk.ssd"]');
SELECT mistake('{groups,0,member_of,any}', '[]');
SELECT mistake('{groups,0,member_of,in}', '["east"]');
SELECT mistake('{groups,0,member_of}', '[{"any": ["east"]}, 7]');
SELECT mistake('{groups,0,resource_capabilities}', '{}');
SELECT mistake('{groups,0,resource_capabilities}', '[{"require": ["a"]}]');
SELECT mistake('{groups,0,resource_capabilities,gpu}', '{"require": ["a"]}');
SELECT mistake('{groups,0,resource_capabilities,cpu.shared}', '[]');
SELECT mistake('{groups,0,resource_capabilities,cpu.shared,0}', '{"all": ["a"]}');

-- distances
SELECT mistake('{groups,0,distances}', '[]');
SELECT mistake('{groups,0,distances}', '{"type": "network", "to": "east", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '"network"');
SELECT mistake('{groups,0,distances,0}', '{"to": "east", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "to": "east", "to_group": "b", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "to": "east"}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "to": "east", "max": ""}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "to": "east", "max": 3}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "from": "east", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '{"type": 1, "to": "east", "max": "near"}');
SELECT mistake('{groups,0,distances,0}', '{"type": "network", "to": ["east"], "max": "near"}');
SELECT mistake('{groups,0,distances,1,to_group}', '"c"');
SELECT mistake('{groups,0,distances,1,to_group}', '"a"');
SELECT mistake('{groups,0,distances,1,to_group}', '2');

-- how a group and others go together
SELECT mistake('{groups,0,single_provider}', '"no"');
SELECT mistake('{groups,0,single_provider}', '0');
SELECT mistake('{groups,0,single_provider}', 'null');
SELECT mistake('{groups,0,isolate_from}', '[]');
SELECT mistake('{groups,0,isolate_from}', '"b"');
SELECT mistake('{groups,0,isolate_from}', '["b", "c"]');
SELECT mistake('{groups,0,isolate_from}', '["b", "a"]');
SELECT mistake('{groups,0,isolate_from}', '["b", "3", "b"]');
SELECT mistake('{groups,0,isolate_from}', '[7, 8, 7.0]');
SELECT mistake('{groups,0,isolate_from}', '[7.5]');
SELECT mistake('{groups,0,isolate_from}', '[1e30]');
SELECT mistake('{groups,0,isolate_from}', '[true]');
SELECT mistake('{groups,0,isolate_from}', '[null]');
SELECT mistake('{groups,0,same_group}', '{}');
SELECT mistake('{groups,0,same_group}', '"b"');
SELECT mistake('{groups,0,same_group,rack}', '[]');
SELECT mistake('{groups,0,same_group,rack}', '7');
SELECT mistake('{groups,0,same_group,rack}', '"a"');
SELECT mistake('{groups,0,same_group,rack}', '["b", "a"]');
SELECT mistake('{groups,0,same_group,rack}', '["b", "x"]');
SELECT mistake('{groups,0,same_group,rack}', '["b", "3", "b"]');
-- the only group has no other
SELECT mistake('{"name": "a", "resources": {"cpu": 1}, "isolate_from": ["a"]}');
SELECT mistake('{"resources": {"cpu": 1}, "same_group": {"rack": "b"}}');

DROP FUNCTION mistake(text[], jsonb);
DROP FUNCTION mistake(jsonb);
DROP TABLE request;
