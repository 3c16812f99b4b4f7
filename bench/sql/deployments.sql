-- The documents of three deployments for arbiter_load_deployment(): 100, 2,000 and
-- 10,000 nodes, all shared, all dedicated, or mixed: then racks 1 and 2 of row 1 are
-- dedicated.  SELECT arbiter_load_deployment(deployment('1k', 'mixed'));

CREATE FUNCTION deployment(size text, kind text DEFAULT 'shared') RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT '{
		"distance_types": {
			"failure": ["failure.local", "failure.rack", "failure.row", "failure.site"],
			"network": ["network.local", "network.site", "network.remote"]
		},
		"distances": {
			"rack": {"failure": "failure.local", "network": "network.local"},
			"row": {"failure": "failure.rack"},
			"other_rows": {"failure": "failure.row"},
			"site": {"network": "network.site"},
			"other_sites": {"failure": "failure.site", "network": "network.remote"}
		},
		"profiles": {
			"shared": {
				"capabilities": ["cpu.x86.avx", "cpu.x86.avx2", "cpu.x86.vmx", "storage.disk.hdd"],
				"inventory": {
					"cpu.shared": {"total": 24, "allocation_ratio": 16},
					"memory": {"total": 137438953472, "reserved": 268435456, "allocation_ratio": 1.5,
						"min_unit": 67108864, "max_unit": 103079215104, "step_size": 67108864},
					"storage.block": {"total": 1000000000000, "min_unit": 1000000000, "step_size": 1000000000}
				}
			},
			"dedicated": {
				"capabilities": ["storage.disk.ssd"],
				"inventory": {
					"cpu.shared": {"total": 12},
					"memory": {"total": 68719476736, "reserved": 268435456,
						"min_unit": 67108864, "max_unit": 68719476736, "step_size": 67108864},
					"storage.block": {"total": 4000000000000, "min_unit": 1000000000, "step_size": 1000000000}
				}
			}
		}
	}'::jsonb || jsonb_build_object('sites', (
		SELECT jsonb_agg(jsonb_build_object('name', name, 'rows', d.rows, 'racks', d.racks, 'nodes', d.nodes,
			'profile', CASE kind WHEN 'dedicated' THEN 'dedicated' ELSE 'shared' END)
			|| CASE WHEN kind = 'mixed' AND d.rows > 1 THEN
				'{"overrides": {"row1": {"overrides": {"rack1": {"profile": "dedicated"}, "rack2": {"profile": "dedicated"}}}}}'::jsonb
				ELSE '{}' END ORDER BY n)
		FROM (VALUES ('100', '{east}'::text[], 1, 4, 25), ('1k', '{east, west}', 2, 25, 20),
			('10k', '{east, west, north, south}', 5, 25, 20)) d (size, sites, rows, racks, nodes)
		CROSS JOIN LATERAL unnest(d.sites) WITH ORDINALITY s (name, n)
		WHERE d.size = deployment.size))
$$;
