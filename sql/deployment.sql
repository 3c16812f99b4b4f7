-- Many providers in one document, and the document back.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\getenv abs_srcdir PG_ABS_SRCDIR
\set deployments :abs_srcdir '/bench/sql/deployments.sql'
\i :deployments

-- the model by names, as lines
CREATE FUNCTION deployment_model() RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT format('partition %s %s', name, attributes) FROM arbiter_partition
	UNION ALL
	SELECT format('type %s %s', resource_type, unit) FROM arbiter_resource_type
	UNION ALL
	SELECT format('provider %s %s %s %s %s %s', p.name, p.provider_type, t.name, o.name, p.claimable, p.attributes)
	FROM arbiter_provider p LEFT JOIN arbiter_partition t USING (partition_id) LEFT JOIN arbiter_provider o ON o.provider_id = p.parent_provider_id
	UNION ALL
	SELECT format('inventory %s %s %s %s %s %s %s', r.name, r.unit, i.reserved, i.min_unit, i.max_unit, i.step_size, i.allocation_ratio)
	FROM arbiter_inventory i JOIN arbiter_resource r USING (resource_id)
	UNION ALL
	SELECT format('total %s %s %s', r.name, i.during, i.total) FROM arbiter_inventory_total i JOIN arbiter_resource r USING (resource_id)
	UNION ALL
	SELECT format('capacity %s %s %s', r.name, c.during, c.amount) FROM arbiter_capacity c JOIN arbiter_resource r USING (resource_id) WHERE r.provider_id IS NOT NULL
	UNION ALL
	SELECT format('capability %s %s', p.name, c.name) FROM arbiter_provider_capability JOIN arbiter_provider p USING (provider_id) JOIN arbiter_capability c USING (capability_id)
	UNION ALL
	SELECT format('group %s %s', name, group_type) FROM arbiter_provider_group
	UNION ALL
	SELECT format('member %s %s', g.name, p.name) FROM arbiter_provider_group_member JOIN arbiter_provider p USING (provider_id) JOIN arbiter_provider_group g USING (group_id)
	UNION ALL
	SELECT format('distance type %s %s %s', t.name, d.name, d.position) FROM arbiter_distance d JOIN arbiter_distance_type t USING (distance_type_id)
	UNION ALL
	SELECT format('distance %s %s %s %s', p.name, g.name, t.name, d.name)
	FROM arbiter_provider_distance x JOIN arbiter_provider p USING (provider_id) JOIN arbiter_provider_group g USING (group_id)
	JOIN arbiter_distance_type t USING (distance_type_id) JOIN arbiter_distance d USING (distance_id)
$$;
CREATE FUNCTION forget_deployment() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	UPDATE arbiter_provider SET parent_provider_id = NULL WHERE parent_provider_id IS NOT NULL;
	PERFORM arbiter_drop_provider(name, force => true) FROM arbiter_provider;
	PERFORM arbiter_drop_provider_group(name) FROM arbiter_provider_group;
	PERFORM arbiter_set_distances(name, '{}') FROM arbiter_distance_type;
	PERFORM arbiter_drop_partition(name) FROM arbiter_partition;
	DELETE FROM arbiter_capability;
	DELETE FROM arbiter_resource_type;
	SELECT count(*) INTO n FROM deployment_model();
	RETURN n;
END
$$;
SELECT forget_deployment();

-- A hundred nodes; the same again changes nothing
BEGIN;
SELECT * FROM arbiter_load_deployment(deployment('100'));
-- nobody else sees resources that are new: they need no locks
SELECT count(*) FILTER (WHERE locktype = 'object') < 20 AS few,
	count(*) FILTER (WHERE relation = 'arbiter_timeline'::regclass AND mode = 'ExclusiveLock') AS timeline
FROM pg_locks WHERE pid = pg_backend_pid();
COMMIT;
SET client_min_messages TO warning;
SELECT * FROM arbiter_load_deployment(deployment('100'));
SELECT resource_type, count(*), min(arbiter_available(name, '2030-01-01', 'infinity'::timestamptz)), max(arbiter_available(name, '2030-01-01', 'infinity'::timestamptz))
FROM arbiter_resource WHERE provider_id IS NOT NULL GROUP BY resource_type ORDER BY resource_type;
SELECT group_type, count(DISTINCT group_id) AS groups, count(provider_id) AS members
FROM arbiter_provider_group LEFT JOIN arbiter_provider_group_member USING (group_id) GROUP BY group_type ORDER BY 1;
SELECT model FROM deployment_model() d (model) WHERE model LIKE '%east-row0-rack3-node24%' ORDER BY 1;
SELECT * FROM arbiter_check();
-- in the order of the document
SELECT name FROM arbiter_provider ORDER BY provider_id LIMIT 3;

-- another kind: what differs is changed, and the capacity with it
BEGIN;
SELECT * FROM arbiter_load_deployment(deployment('100', 'dedicated'));
-- locks are in memory that is shared by all: so many resources are locked as one
SELECT count(*) < 20 AS few FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object';
SELECT relation::regclass, mode FROM pg_locks
WHERE pid = pg_backend_pid() AND relation IN ('arbiter_reservation'::regclass, 'arbiter_capacity'::regclass, 'arbiter_timeline'::regclass) AND mode LIKE '%Exclusive%'
	AND mode <> 'RowExclusiveLock' ORDER BY 1;
COMMIT;
SELECT resource_type, min(i.reserved) AS reserved, min(i.max_unit) AS max_unit, min(arbiter_available(name, '2030-01-01', 'infinity'::timestamptz)), max(arbiter_available(name, '2030-01-01', 'infinity'::timestamptz))
FROM arbiter_resource JOIN arbiter_inventory i USING (resource_id) GROUP BY resource_type ORDER BY resource_type;
SELECT DISTINCT c.name FROM arbiter_provider_capability JOIN arbiter_capability c USING (capability_id);
-- but not from under reservations; all or nothing
SELECT arbiter_load_deployment(deployment('100')) IS NOT NULL AS loaded;
SELECT arbiter_reserve('east-row0-rack2-node7.cpu.shared', '2030-01-01', '2030-02-01', 13) > 0 AS granted;
CREATE TEMPORARY TABLE before AS SELECT model FROM deployment_model() d (model);
SELECT outcome($$ SELECT arbiter_load_deployment(deployment('100', 'dedicated')) $$);
SELECT count(*) FROM (TABLE before EXCEPT SELECT deployment_model() UNION ALL (SELECT deployment_model() EXCEPT TABLE before)) d;
SELECT * FROM arbiter_check();

-- Two sites of 2 x 3 x 2 nodes, of which some are others.  How far each is from
-- each group follows from where both are.
SELECT forget_deployment();
CREATE FUNCTION two_sites() RETURNS jsonb LANGUAGE sql AS $$
	SELECT deployment('1k') || '{"sites": [
		{"name": "a", "rows": 2, "racks": 3, "nodes": 2, "profile": "shared", "overrides": {"row1": {"overrides": {
			"rack1": {"profile": "dedicated", "overrides": {"node1": {"claimable": false}}}, "rack2": {"profile": "dedicated", "nodes": 1}}}}},
		{"name": "b", "nodes": 2, "profile": "shared", "rows": [
			{"name": "first", "racks": 1},
			{"name": "second", "racks": [{"name": "left", "nodes": [{"name": "b7", "provider_type": "gpu node", "capabilities": ["gpu"]}, {"profile": "dedicated"}]}, {}]}]}]}'::jsonb
$$;
SELECT * FROM arbiter_load_deployment(two_sites());
SELECT p.name, p.provider_type, p.claimable, string_agg(DISTINCT g.name, ' ' ORDER BY g.name) AS groups, string_agg(DISTINCT c.name, ' ' ORDER BY c.name) AS capabilities
FROM arbiter_provider p JOIN arbiter_provider_group_member USING (provider_id) JOIN arbiter_provider_group g USING (group_id)
JOIN arbiter_provider_capability USING (provider_id) JOIN arbiter_capability c USING (capability_id)
GROUP BY p.provider_id ORDER BY p.provider_id;
CREATE VIEW expected AS
WITH place AS (
	SELECT m.provider_id, g.group_id, g.group_type, g.name
	FROM arbiter_provider_group_member m JOIN arbiter_provider_group g USING (group_id)
), pair AS (
	SELECT p.provider_id, p.name AS provider, g.group_id, g.name AS provider_group, g.group_type,
		-- the first words of names say where something is
		EXISTS (SELECT FROM place l WHERE l.provider_id = p.provider_id AND l.group_id = g.group_id) AS own,
		EXISTS (SELECT FROM place l WHERE l.provider_id = p.provider_id AND l.group_type = 'site' AND g.name LIKE l.name || '-%') AS same_site
	FROM arbiter_provider p CROSS JOIN arbiter_provider_group g
)
SELECT format('distance %s %s failure %s', provider, provider_group, CASE WHEN own AND group_type = 'rack' THEN 'failure.local'
	WHEN own AND group_type = 'row' THEN 'failure.rack' WHEN group_type = 'row' THEN 'failure.row' ELSE 'failure.site' END) AS model
FROM pair WHERE own AND group_type IN ('rack', 'row') OR group_type = 'row' AND same_site OR group_type = 'site' AND NOT own
UNION ALL
SELECT format('distance %s %s network %s', provider, provider_group, CASE WHEN own AND group_type = 'rack' THEN 'network.local'
	WHEN own THEN 'network.site' ELSE 'network.remote' END)
FROM pair WHERE own AND group_type = 'rack' OR group_type = 'site';
SELECT count(*) FROM expected;
SELECT model FROM deployment_model() d (model) WHERE model LIKE 'distance %' AND model NOT LIKE 'distance type %' EXCEPT SELECT model FROM expected;
SELECT model FROM expected EXCEPT SELECT model FROM deployment_model() d (model);

-- The document back: it gives the same model, here and in an empty database
SELECT jsonb_pretty(arbiter_export_deployment() #- '{profiles}' #- '{sites,0,rows,0}');
SELECT arbiter_export_deployment() AS document \gset
TRUNCATE before;
INSERT INTO before SELECT deployment_model();
SELECT * FROM arbiter_load_deployment(:'document');
SELECT forget_deployment();
SELECT * FROM arbiter_load_deployment(:'document');
SELECT count(*) FROM (TABLE before EXCEPT SELECT deployment_model() UNION ALL (SELECT deployment_model() EXCEPT TABLE before)) d;
SELECT arbiter_export_deployment() = :'document' AS same;
SELECT * FROM arbiter_load_deployment(two_sites());
-- what is not as the rules have it goes with the node: instead of one, where there is
-- none, and where there is none for it alone
SELECT arbiter_set_distance('b7', 'a', 'network', 'network.site'), arbiter_set_distance('b7', 'b-second-rack1', 'failure', 'failure.rack'),
	arbiter_set_distance('a-row0-rack0-node0', 'b', 'failure', NULL);
SELECT jsonb_path_query(d, '$.sites[*].rows[*].racks[*].nodes[*] ? (@.name == "b7")') FROM arbiter_export_deployment() d;
SELECT arbiter_export_deployment() -> 'distances' AS rules;
SELECT arbiter_export_deployment() AS document \gset
TRUNCATE before;
INSERT INTO before SELECT deployment_model();
SELECT * FROM arbiter_load_deployment(:'document');
SELECT forget_deployment();
SELECT arbiter_load_deployment(:'document') IS NOT NULL AS loaded;
SELECT count(*) FROM (TABLE before EXCEPT SELECT deployment_model() UNION ALL (SELECT deployment_model() EXCEPT TABLE before)) d;
SELECT arbiter_export_deployment() = :'document' AS same;
SELECT * FROM arbiter_load_deployment(two_sites());

-- What is not like a site: providers by themselves, totals over time, distances of
-- their own, groups that nothing is in
SELECT * FROM arbiter_load_deployment('{
	"partitions": {"d.batch": null, "d.free": {"floor": 2}},
	"resource_types": {"d.gpu": "card", "d.memory": null},
	"distance_types": {"d.walk": ["d.near", "d.far"]},
	"profiles": {"d.none": {}, "d.gpu": {"inventory": {"d.gpu": {"total": 4}}}},
	"groups": [{"name": "d.club", "type": "club"}, {"name": "d.empty", "type": "rack"}],
	"providers": [
		{"name": "d.cluster", "provider_type": "cluster", "partition": "d.batch", "profile": "d.none", "attributes": {"n": null}},
		{"name": "d.1", "parent": "d.cluster", "profile": "d.gpu", "groups": ["d.club", "a"], "partition": "d.free",
			"inventory": {"d.memory": {"totals": [{"start": "2030-01-01", "end": "2030-02-01", "total": 10}, {"start": "2030-03-01Z", "end": "infinity", "total": 20}],
				"reserved": 3, "allocation_ratio": 0.5, "max_unit": 9}},
			"distances": {"a": {"d.walk": "d.far"}, "d.club": {"d.walk": "d.near", "failure": "failure.local"}}},
		{"name": "d.2", "parent": "d.cluster", "claimable": false}]}');
SELECT model FROM deployment_model() d (model) WHERE model LIKE '%d.%' AND model !~ '[ab]-' ORDER BY 1;
SELECT * FROM arbiter_check();
SELECT arbiter_export_deployment() AS document \gset
SELECT jsonb_pretty(:'document'::jsonb - '{sites, profiles, distance_types, distances}'::text[]);
TRUNCATE before;
INSERT INTO before SELECT deployment_model();
SELECT * FROM arbiter_load_deployment(:'document');
SELECT forget_deployment();
SELECT arbiter_load_deployment(:'document') IS NOT NULL AS loaded;
SELECT count(*) FROM (TABLE before EXCEPT SELECT deployment_model() UNION ALL (SELECT deployment_model() EXCEPT TABLE before)) d;
SELECT arbiter_export_deployment() = :'document' AS same;

-- A document says all of what it names: what is not there is taken away, but for
-- resource types.  What it does not name stays.
SELECT * FROM arbiter_load_deployment('{"profiles": {"p": {"inventory": {"d.gpu": {"total": 5}}, "capabilities": ["gpu"]}}, "providers": [{"name": "d.1", "profile": "p"}]}');
SELECT model FROM deployment_model() d (model) WHERE model ~ ' d\.1' ORDER BY 1;
-- totals change their times in one go
SELECT arbiter_reserve('d.1.d.memory', '2030-01-10', '2030-01-11', 3) > 0 AS granted;
SELECT * FROM arbiter_load_deployment('{"providers": [{"name": "d.1", "inventory": {"d.memory": {"totals": [{"start": "2029-01-01", "end": "2030-01-15", "total": 9}, {"start": "2030-01-15", "end": "2031-01-01", "total": 7}]}}}]}');
SELECT model FROM deployment_model() d (model) WHERE model ~ '(total|capacity) d\.1' ORDER BY 1;
-- a document may be checked alone
SELECT outcome($$ SELECT arbiter_check_deployment(deployment('1k', 'mixed')) $$);
SELECT outcome($$ SELECT arbiter_check_deployment('{"providers": [{"name": "d.2", "inventory": {"d.memory": {"totel": 9}}}]}') $$);
SELECT outcome($$ SELECT arbiter_check_deployment('{"sites": [{"name": "d.east", "rows": "two"}]}') $$);
SELECT outcome($$ SELECT arbiter_load_deployment('{"providers": [{"name": "d.1", "inventory": {"d.memory": {"totals": [{"start": "2029-01-01", "end": "2030-01-10 12:00", "total": 9}]}}}]}') $$);
-- a node goes to another rack
SELECT * FROM arbiter_load_deployment(jsonb_set(jsonb_set(two_sites(), '{sites,1,rows,1,racks,0,nodes}', '[]'), '{sites,1,rows,1,racks,1,nodes}', '[{"name": "b7"}]'));
SELECT model FROM deployment_model() d (model) WHERE model ~ '(member|distance) .*\mb7' ORDER BY 1;
SELECT * FROM arbiter_check();

-- Refusals
CREATE FUNCTION load_refused(document text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT outcome(format('SELECT arbiter_load_deployment(%L)', document))
$$;
SELECT load_refused(NULL);
SELECT load_refused('[]');
SELECT load_refused('{"provider": []}');
SELECT load_refused('{"providers": {}}');
SELECT load_refused('{"providers": [{"profile": "p"}]}');
SELECT load_refused('{"providers": [{"name": ""}]}');
SELECT load_refused('{"providers": [{"name": "n"}, {"name": "n"}]}');
SELECT load_refused('{"providers": [{"name": "n", "nodes": 2}]}');
SELECT load_refused('{"providers": [{"name": "n", "claimable": "yes"}]}');
SELECT load_refused('{"providers": [{"name": "n", "profile": "unheard"}]}');
SELECT load_refused('{"providers": [{"name": "n", "partition": "unheard"}]}');
SELECT load_refused('{"providers": [{"name": "n", "parent": "unheard"}]}');
SELECT load_refused('{"providers": [{"name": "n", "parent": "m"}, {"name": "m", "parent": "n"}]}');
SELECT load_refused('{"providers": [{"name": "n", "groups": ["unheard"]}]}');
SELECT load_refused('{"providers": [{"name": "n", "groups": "a"}]}');
SELECT load_refused('{"providers": [{"name": "n", "capabilities": [1]}]}');
SELECT load_refused('{"providers": [{"name": "n", "distances": {"a": {"failure": "unheard"}}}]}');
SELECT load_refused('{"providers": [{"name": "n", "distances": {"unheard": {"failure": "failure.row"}}}]}');
SELECT load_refused('{"providers": [{"name": "n", "distances": {"a": "failure.row"}}]}');
SELECT load_refused('{"distances": {"rack": {"unheard": "failure.row"}}}');
SELECT load_refused('{"distances": {"room": {"failure": "failure.row"}}}');
SELECT load_refused('{"distance_types": {"failure": "failure.row"}}');
SELECT load_refused('{"distance_types": {"failure": ["failure.row"]}}');
SELECT load_refused('{"resource_types": {"d.gpu": 1}}');
SELECT load_refused('{"profiles": {"p": {"capability": []}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": 4}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"total": 1.5}}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"total": -1}}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"total": 1, "totals": []}}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"totals": [{"start": "2030-01-01", "total": 1}]}}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"ratio": 1}}}}}');
SELECT load_refused('{"profiles": {"p": {"inventory": {"d.gpu": {"step_size": 0}}}}, "providers": [{"name": "n", "profile": "p"}]}');
SELECT load_refused('{"groups": [{"name": "g"}]}');
SELECT load_refused('{"sites": [{"name": "s"}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 1}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 1, "racks": 1}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 1, "racks": -1, "nodes": 1}]}');
SELECT load_refused('{"sites": [{"rows": 1, "racks": 1, "nodes": 1}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 1, "racks": 1, "nodes": 1}, {"name": "s", "rows": 0}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": [{"name": "r"}, {"name": "r"}], "racks": 0}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 1, "racks": 0}], "groups": [{"name": "s-row0", "type": "row"}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 2, "racks": 1, "overrides": {"row1": {"nodes": 2}}}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 2, "racks": 1, "nodes": 1, "overrides": {"row2": {}}}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 2, "racks": 1, "nodes": 1, "overrides": {"row1": {"rows": 2}}}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 2, "racks": [{"nodes": [{"name": "n", "profiles": "p"}]}]}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": 2, "racks": [{"nodes": [{"name": "n"}]}]}]}');
SELECT load_refused('{"sites": [{"name": "s", "rows": [], "overrides": {}}]}');
-- a resource that is none of a provider is in the way
SELECT arbiter_create_resource('d.2.d.gpu') > 0 AS created;
SELECT load_refused('{"providers": [{"name": "d.2", "inventory": {"d.gpu": {"total": 1}}}]}');
SELECT arbiter_drop_resource('d.2.d.gpu');

SELECT forget_deployment();
SELECT arbiter_export_deployment();
SELECT * FROM arbiter_load_deployment('{}');
SELECT * FROM arbiter_check();
DROP VIEW expected;
DROP FUNCTION deployment_model, forget_deployment, two_sites, load_refused, deployment;
