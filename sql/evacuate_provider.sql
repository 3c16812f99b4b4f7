-- arbiter_evacuate_provider: a provider fails, and its claims go elsewhere.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- two racks with two nodes each
SELECT count(arbiter_create_provider('evac-' || n)) FROM generate_series(1, 4) n;
SELECT count(arbiter_set_inventory('evac-' || n, t, 10, start_time => '2086-01-01')) FROM generate_series(1, 4) n, unnest(ARRAY['evac.cpu', 'evac.memory']) t;
SELECT count(arbiter_create_provider_group(g, 'evac.rack')) FROM unnest(ARRAY['evac-rack1', 'evac-rack2']) g;
SELECT arbiter_add_to_group('evac-rack' || (n + 1) / 2, 'evac-' || n) FROM generate_series(1, 4) n;
SELECT arbiter_add_capability('evac-' || n, 'evac.fast') FROM unnest(ARRAY[1, 2, 4]) n;
SELECT arbiter_set_distances('evac.failure', '{evac.local, evac.near, evac.far}');
SELECT arbiter_set_distance('evac-' || n, 'evac-rack' || r, 'evac.failure', CASE WHEN r = (n + 1) / 2 THEN 'evac.local' ELSE 'evac.far' END) FROM generate_series(1, 4) n, generate_series(1, 2) r;

-- claims with names; they go to the first of the fullest that they fit on
CREATE TABLE evac (label text PRIMARY KEY, reservation_id bigint UNIQUE);
CREATE FUNCTION evac_claim(label text, request jsonb, start_time timestamptz, end_time timestamptz DEFAULT 'infinity',
	user_id text DEFAULT 'ann', ttl interval DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	id bigint;
	places text;
BEGIN
	SELECT max(c.reservation_id), string_agg(format('%s:%s %s', c.group_name, c.provider, c.amount), ', ')
	INTO id, places FROM arbiter_claim(request || '{"choose": "pack"}', start_time, end_time, evac_claim.user_id, ttl => evac_claim.ttl) c;
	INSERT INTO evac VALUES (evac_claim.label, id);
	RETURN places;
END $$;
CREATE FUNCTION evac_leave(provider text, start_time timestamptz DEFAULT NULL, end_time timestamptz DEFAULT 'infinity', claimable boolean DEFAULT false)
RETURNS TABLE (label text, group_name text, resource_type text, user_id text, during tstzrange, amount bigint, moved boolean, new_provider text, reason text, message text)
LANGUAGE sql AS $$
	SELECT coalesce(f.label, '?'), e.group_name, e.resource_type, e.user_id, e.during, e.amount, e.moved, e.new_provider, e.reason,
		regexp_replace(e.message, '(claim|reservation) \d+', '\1 <id>')
	FROM arbiter_evacuate_provider(provider, start_time, end_time, claimable) WITH ORDINALITY e LEFT JOIN evac f USING (reservation_id)
	ORDER BY e.ordinality
$$;
CREATE VIEW evac_row AS
SELECT label, part, r.name, during, amount, status, regexp_replace(v.attributes::text, '"at": "[^"]*", ', '', 'g') AS attributes
FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) JOIN evac USING (reservation_id);
CREATE VIEW evac_place AS
SELECT label, string_agg(format('%s:%s %s %s', a->>'group', a->>'provider', a->>'resource_type', a->>'amount'), ', ' ORDER BY n) AS places
FROM arbiter_claim JOIN evac USING (reservation_id), jsonb_array_elements(allocations) WITH ORDINALITY x (a, n) GROUP BY label;
-- nothing is oversold, and timelines are what rows make of them
CREATE FUNCTION evac_wrong() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT 'check: ' || c.problem FROM arbiter_check() c UNION ALL SELECT 'conflict: ' || c.resource_name FROM arbiter_conflicts() c WHERE c.resource_name LIKE 'evac%'
$$;
CREATE FUNCTION evac_reset() RETURNS void LANGUAGE sql AS $$
	DELETE FROM arbiter_claim USING evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
	DELETE FROM evac;
	DELETE FROM arbiter_reservation v USING arbiter_resource r WHERE r.resource_id = v.resource_id AND r.name LIKE 'evac%';
	UPDATE arbiter_provider SET claimable = true WHERE name LIKE 'evac%' AND NOT claimable;
$$;

-- all of a group goes to one provider, at its own times and with its amounts
SELECT evac_claim('web', '{"resources": {"evac.cpu": 3, "evac.memory": 2}}', '2086-02-01', '2086-03-01');
SELECT evac_claim('db', '{"resources": {"evac.cpu": 4}}', '2086-02-10');
SELECT * FROM evac_leave('evac-1', '2086-01-15');
TABLE evac_row ORDER BY label, part;
TABLE evac_place ORDER BY label;
SELECT name, claimable FROM arbiter_provider WHERE name LIKE 'evac%' ORDER BY name;
SELECT evac_wrong();
-- again: there is nothing left
SELECT count(*) FROM evac_leave('evac-1', '2086-01-15');
-- new claims avoid it, until it may be claimed again; NULL leaves that as it is
SELECT DISTINCT provider FROM arbiter_find_claims('{"resources": {"evac.cpu": 1}}', '2086-02-01', max_results => 10) ORDER BY 1;
SELECT count(*) FROM evac_leave('evac-1', '2086-01-15', claimable => NULL);
SELECT claimable FROM arbiter_provider WHERE name = 'evac-1';
SELECT count(*) FROM evac_leave('evac-1', '2086-01-15', claimable => true);
SELECT DISTINCT provider FROM arbiter_find_claims('{"resources": {"evac.cpu": 1}}', '2086-02-01', max_results => 10) ORDER BY 1;

-- what has begun ends there, and goes on elsewhere as another part; a provider is left
-- also if it may be claimed
SELECT * FROM evac_leave('evac-2', '2086-02-15', claimable => true);
TABLE evac_row ORDER BY label, part;
-- until then it is where it was
TABLE evac_place ORDER BY label;
SELECT evac_wrong();
-- and then that fails as well
SELECT * FROM evac_leave('evac-2', '2086-01-01');
TABLE evac_row ORDER BY label, part;
TABLE evac_place ORDER BY label;
SELECT evac_wrong();
-- only what the range touches; what begins within it is moved to its end
SELECT label, during, moved, new_provider FROM evac_leave('evac-1', '2086-02-11', '2086-02-12');
TABLE evac_row ORDER BY label, part;
SELECT evac_wrong();
SELECT evac_reset();

-- the constraints of the request hold for the new place: capabilities ...
SELECT evac_claim('fast', '{"resources": {"evac.cpu": 1}, "capabilities": {"require": ["evac.fast"]}}', '2086-02-01');
SELECT count(arbiter_reserve('evac-2.evac.cpu', '2086-02-05', '2086-02-06', 10));
SELECT label, new_provider FROM evac_leave('evac-1', '2086-02-01', claimable => true);
-- ... of one resource
SELECT evac_claim('mixed', '{"resources": {"evac.cpu": 1, "evac.memory": 1}, "resource_capabilities": {"evac.memory": {"forbid": ["evac.fast"]}}}', '2086-03-01');
SELECT * FROM evac_leave('evac-3', '2086-02-01', claimable => true);
SELECT evac_reset();
-- ... memberships, and distances
SELECT evac_claim('rack', '{"resources": {"evac.cpu": 1}, "member_of": {"require": ["evac-rack1"]}}', '2086-02-01');
SELECT evac_claim('distance', '{"resources": {"evac.cpu": 1}, "distances": [{"type": "evac.failure", "to": "evac-rack2", "max": "evac.near"}]}', '2086-02-01');
SELECT label, new_provider FROM evac_leave('evac-1', '2086-02-01');
SELECT label, new_provider FROM evac_leave('evac-3', '2086-02-01');
SELECT label, message FROM evac_leave('evac-2', '2086-02-01', claimable => NULL);
SELECT label, message FROM evac_leave('evac-4', '2086-02-01', claimable => NULL);
SELECT evac_reset();
-- ... and what groups ask of each other, where one stays
SELECT evac_claim('together', '{"groups": [{"name": "a", "resources": {"evac.cpu": 1}}, {"name": "b", "resources": {"evac.cpu": 1}, "same_group": {"evac.rack": "a"}, "isolate_from": ["a"]}]}', '2086-02-01');
SELECT * FROM evac_leave('evac-1', '2086-02-01', claimable => true);
SELECT * FROM evac_leave('evac-2', '2086-02-01', claimable => true);
SELECT evac_claim('apart', '{"groups": [{"name": "a", "resources": {"evac.cpu": 1}}, {"name": "b", "resources": {"evac.cpu": 1}, "distances": [{"type": "evac.failure", "to_group": "a", "min": "evac.far"}]}]}', '2086-02-01');
SELECT label, group_name, new_provider FROM evac_leave('evac-1', '2086-02-01', claimable => true);
SELECT label, group_name, new_provider, reason FROM evac_leave('evac-3', '2086-02-01', claimable => true);
TABLE evac_place ORDER BY label;
SELECT evac_wrong();
SELECT evac_reset();
-- both leave together, and what they shared is parted
SELECT evac_claim('both', '{"groups": [{"name": "a", "resources": {"evac.cpu": 6}}, {"name": "b", "resources": {"evac.cpu": 2, "evac.memory": 1}}]}', '2087-02-01', '2087-03-01');
SELECT count(arbiter_reserve('evac-' || n || '.evac.cpu', '2087-02-05', '2087-02-06', 3)) FROM generate_series(2, 4) n;
SELECT * FROM evac_leave('evac-1', '2087-01-01', claimable => true);
TABLE evac_row ORDER BY label, part;
SELECT places FROM evac_place WHERE label = 'both';
SELECT evac_wrong();
SELECT evac_reset();

-- a group on several providers: what was on this one goes to others, and to those too
SELECT evac_claim('wide', '{"resources": {"evac.memory": 17}, "single_provider": false}', '2086-02-01', '2086-03-01');
SELECT count(arbiter_reserve('evac-' || n || '.evac.memory', '2086-02-05', '2086-02-06', a)) FROM (VALUES (3, 4), (4, 8)) x (n, a);
SELECT * FROM evac_leave('evac-1', '2086-02-01', claimable => true);
TABLE evac_row ORDER BY label, part;
TABLE evac_place;
SELECT evac_wrong();
-- max_unit is of all that it has there
SELECT arbiter_set_inventory('evac-2', 'evac.memory', max_unit => 11) > 0;
SELECT arbiter_cancel(v.reservation_id) FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) WHERE r.name = 'evac-4.evac.memory' AND amount = 8;
SELECT amount, new_provider FROM evac_leave('evac-3', '2086-02-01', '2086-02-02', claimable => true);
TABLE evac_place;
SELECT evac_wrong();
SELECT arbiter_set_inventory('evac-2', 'evac.memory', clear => '{max_unit}') > 0;
SELECT evac_reset();

-- the oldest is served first, each sees what those before it were given, and who
-- has no place stays with all that he has
SELECT evac_claim('first', '{"resources": {"evac.cpu": 4}}', '2086-02-01');
SELECT evac_claim('second', '{"groups": [{"name": "small", "resources": {"evac.cpu": 1}}, {"name": "large", "resources": {"evac.cpu": 4}}]}', '2086-02-01', '2086-04-01');
SELECT evac_claim('third', '{"resources": {"evac.cpu": 1}}', '2086-02-01');
SELECT count(arbiter_reserve('evac-' || n || '.evac.cpu', '2086-03-05', '2086-03-06', a)) FROM (VALUES (2, 5), (3, 9), (4, 10)) x (n, a);
SELECT * FROM evac_leave('evac-1', '2086-02-01', claimable => true);
TABLE evac_place ORDER BY label;
SELECT evac_wrong();

-- what is no claim is told; so are a child's capacity and a share, which stay with
-- the claim they are a part of
SELECT arbiter_sublet((SELECT reservation_id FROM evac WHERE label = 'second'), 'evac.child', 'evac-1.evac.cpu') > 0;
INSERT INTO evac SELECT 'plain', arbiter_reserve('evac-1.evac.memory', '2086-02-01', '2086-02-02', 1, 'bob');
INSERT INTO evac SELECT 'share', arbiter_reserve_share('evac-1.evac.memory', 10, '2086-02-01', '2086-02-02', 'bob');
SELECT label, user_id, amount, moved, reason, message FROM evac_leave('evac-1', '2086-02-01', claimable => true);
SELECT arbiter_drop_resource('evac.child', force => true);
SELECT evac_reset();

-- holds are moved, expired ones are not
SELECT evac_claim('held', '{"resources": {"evac.cpu": 1}}', '2086-02-01', ttl => '1 day');
SELECT evac_claim('late', '{"resources": {"evac.cpu": 1}}', '2086-02-01', ttl => '1 day');
UPDATE arbiter_reservation SET expires_at = now() - interval '1 hour' FROM evac WHERE evac.reservation_id = arbiter_reservation.reservation_id AND label = 'late';
SELECT label, new_provider FROM evac_leave('evac-1', '2086-02-01', claimable => true);
TABLE evac_row ORDER BY label, part;
-- expired ones make room
SELECT evac_claim('big', '{"resources": {"evac.cpu": 10}, "member_of": {"require": ["evac-rack2"]}}', '2086-02-01');
SELECT evac_claim('old', '{"resources": {"evac.cpu": 10}, "member_of": {"require": ["evac-rack2"]}}', '2086-02-01', ttl => '1 day');
UPDATE arbiter_reservation SET expires_at = now() - interval '1 hour' FROM evac WHERE evac.reservation_id = arbiter_reservation.reservation_id AND label = 'old';
SELECT label, new_provider FROM evac_leave('evac-3', '2086-02-01', claimable => true);
SELECT label, status FROM evac_row WHERE label = 'old';
SELECT evac_wrong();
SELECT evac_reset();

-- a quota of one resource: who has no more there stays
SELECT arbiter_set_quota('ann', 2, resource => 'evac-2.evac.cpu') > 0;
SELECT evac_claim('one', '{"resources": {"evac.cpu": 2}, "member_of": {"require": ["evac-rack1"]}}', '2086-02-01');
SELECT evac_claim('two', '{"resources": {"evac.cpu": 1}, "member_of": {"require": ["evac-rack1"]}}', '2086-02-01');
SELECT label, moved, new_provider, reason, message FROM evac_leave('evac-1', '2086-02-01', claimable => true);
SELECT arbiter_drop_quota('ann', resource => 'evac-2.evac.cpu');
SELECT evac_wrong();
SELECT evac_reset();

-- the request may name what is gone, or nobody has any more
SELECT evac_claim('stale', '{"resources": {"evac.cpu": 1}, "capabilities": [{"forbid": ["evac.gone"]}]}', '2086-02-01') FROM arbiter_add_capability('evac-4', 'evac.gone');
SELECT arbiter_drop_capability('evac-4', 'evac.gone');
DELETE FROM arbiter_capability WHERE name = 'evac.gone';
SELECT label, moved, new_provider FROM evac_leave('evac-1', '2086-02-01', claimable => true);
SELECT evac_reset();
-- a provider has another name than when the claim was made
SELECT evac_claim('renamed', '{"groups": [{"name": "a", "resources": {"evac.cpu": 1}}, {"name": "b", "resources": {"evac.cpu": 2}, "isolate_from": ["a"]}]}', '2086-02-01');
SELECT arbiter_alter_provider('evac-1', 'evac-one');
SELECT label, group_name, amount, new_provider FROM evac_leave('evac-one', '2086-02-01', claimable => true);
TABLE evac_place;
SELECT arbiter_alter_provider('evac-one', 'evac-1');
-- what was resized goes with what it has; where groups share a row, it is not known
-- whose it is
SELECT arbiter_resize(reservation_id, 3, 'evac-2.evac.cpu') FROM evac;
SELECT label, group_name, amount, moved, reason, message FROM evac_leave('evac-2', '2086-02-01', claimable => true);
SELECT evac_claim('shared', '{"groups": [{"name": "a", "resources": {"evac.cpu": 1}}, {"name": "b", "resources": {"evac.cpu": 2}}]}', '2086-02-01');
SELECT arbiter_resize(reservation_id, 4, 'evac-1.evac.cpu') FROM evac WHERE label = 'shared';
SELECT label, group_name, amount, moved, reason, message FROM evac_leave('evac-1', '2086-02-01', claimable => true);
-- from an instant on it is more: two parts, one provider
SELECT evac_claim('grown', '{"resources": {"evac.memory": 1}}', '2086-02-01', '2086-03-01');
SELECT arbiter_resize(reservation_id, 6, 'evac-1.evac.memory', '2086-02-15') FROM evac WHERE label = 'grown';
SELECT count(arbiter_reserve('evac-' || n || '.evac.memory', '2086-02-20', '2086-02-21', 5)) FROM generate_series(2, 3) n;
SELECT label, during, amount, new_provider FROM evac_leave('evac-1', '2086-02-10', claimable => true) WHERE label = 'grown';
SELECT * FROM evac_row WHERE label = 'grown' ORDER BY part;
SELECT places FROM evac_place WHERE label = 'grown';
SELECT evac_wrong();
SELECT evac_reset();

-- groups that leave at different times share a provider where they fit together at
-- each of them
SELECT evac_claim('times', '{"groups": [{"name": "a", "resources": {"evac.cpu": 3}, "capabilities": {"require": ["evac.fast"]}}, {"name": "b", "resources": {"evac.cpu": 3}, "isolate_from": ["a"]}]}', '2086-02-01');
UPDATE arbiter_claim SET request = request #- '{groups,1,isolate_from}' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT group_name, during, new_provider FROM evac_leave('evac-1', '2086-03-01', claimable => true);
SELECT count(arbiter_reserve(r, s, e, a)) FROM (VALUES ('evac-1.evac.cpu', '2086-03-01'::timestamptz, 'infinity'::timestamptz, 8), ('evac-3.evac.cpu', '2086-02-01', 'infinity', 8),
	('evac-4.evac.cpu', '2086-02-01', '2086-03-01', 7), ('evac-4.evac.cpu', '2086-03-01', 'infinity', 4)) x (r, s, e, a);
SELECT group_name, during, new_provider, message FROM evac_leave('evac-2', '2086-02-15', claimable => true);
SELECT evac_wrong();
SELECT evac_reset();
-- and not otherwise: the one that could go elsewhere does
SELECT evac_claim('narrow', '{"groups": [{"name": "a", "resources": {"evac.cpu": 3}}, {"name": "b", "resources": {"evac.cpu": 3}, "capabilities": {"require": ["evac.fast"]}, "isolate_from": ["a"]}]}', '2086-02-01');
UPDATE arbiter_claim SET request = request #- '{groups,1,isolate_from}' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT group_name, during, new_provider FROM evac_leave('evac-1', '2086-03-01', claimable => true);
SELECT arbiter_set_inventory('evac-4', 'evac.cpu', 12) > 0;
SELECT count(arbiter_reserve(r, s, 'infinity', a)) FROM (VALUES ('evac-1.evac.cpu', '2086-03-01'::timestamptz, 8), ('evac-3.evac.cpu', '2086-02-01', 7), ('evac-4.evac.cpu', '2086-02-01', 9)) x (r, s, a);
SELECT group_name, during, new_provider, message FROM evac_leave('evac-2', '2086-02-15', claimable => true);
SELECT evac_wrong();
SELECT evac_reset();
SELECT arbiter_set_inventory('evac-4', 'evac.cpu', 10) > 0;

-- options of resources: granularity, setup and cleanup time; lead time does not count
SELECT arbiter_alter_resource('evac-1.evac.cpu', granularity => '1 hour');
SELECT arbiter_alter_resource('evac-2.evac.cpu', min_lead => '10000 days', setup_time => '1 hour');
SELECT evac_claim('aligned', '{"resources": {"evac.cpu": 6}, "member_of": {"require": ["evac-rack1"]}}', '2086-02-01');
SELECT evac_claim('other', '{"resources": {"evac.cpu": 4}, "member_of": {"require": ["evac-rack1"]}}', '2086-02-01', '2086-02-20');
SELECT label, moved, reason, message FROM evac_leave('evac-1', '2086-02-15 00:30', claimable => true);
SELECT label, moved, during FROM evac_leave('evac-1', '2086-02-15 01:00', claimable => true);
SELECT label, part, during, amount FROM evac_row ORDER BY label, part;
SELECT occupied FROM arbiter_reservation JOIN evac USING (reservation_id) WHERE label = 'aligned' AND part = 2;
SELECT evac_wrong();
SELECT evac_reset();
-- now; what is over is not where it is any more
SELECT arbiter_set_inventory('evac-' || n, 'evac.cpu', 10, start_time => '2020-01-01') > 0 FROM generate_series(1, 2) n;
SELECT evac_claim('now', '{"resources": {"evac.cpu": 6}}', '2025-01-01', '2096-01-01');
SELECT label, lower(during) - now() BETWEEN '0' AND '1 hour 1 minute' AND extract(minute FROM lower(during)) = 0 AND extract(second FROM lower(during)) = 0 AS rounded_up, new_provider FROM evac_leave('evac-1');
SELECT label, part, name, upper_inf(during) FROM evac_row ORDER BY label, part;
TABLE evac_place;
SELECT arbiter_alter_resource('evac-2.evac.cpu', clear => '{setup_time, min_lead}');
SELECT arbiter_set_inventory('evac-3', 'evac.cpu', 10, start_time => '2020-01-01') > 0;
UPDATE arbiter_claim SET allocations = allocations || '[{"group": "1", "provider": "evac-4", "resource_type": "evac.cpu", "amount": 6}]' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT label, lower(during) BETWEEN now() AND clock_timestamp() + interval '1 hour' AS is_now, new_provider FROM evac_leave('evac-2');
TABLE evac_place;
SELECT evac_wrong();
SELECT evac_reset();
SELECT arbiter_alter_resource('evac-1.evac.cpu', clear => '{granularity}');

-- refusals
SELECT outcome(format('SELECT * FROM arbiter_evacuate_provider(%s)', arguments), true) FROM (VALUES
	('NULL'), ($$'nobody'$$), ($$'evac-1', '2086-02-01', '2086-02-01'$$), ($$'evac-1', '2086-02-01', '2086-01-01'$$),
	($$'evac-1', '2086-02-01', NULL$$), ($$'evac-1', 'infinity'$$), ($$'evac-1', '-infinity'$$), ($$'evac-1', end_time => '2020-01-01'$$)) x (arguments);
BEGIN READ ONLY;
SELECT outcome($$ SELECT * FROM arbiter_evacuate_provider('evac-1') $$);
COMMIT;
-- a damaged row
SELECT evac_reset();
SELECT evac_claim('bad', '{"resources": {"evac.cpu": 1}}', '2086-02-01');
UPDATE arbiter_claim SET request = '{"resource": 1}' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT outcome($$ SELECT * FROM arbiter_evacuate_provider('evac-1', '2086-02-01') $$);
UPDATE arbiter_claim SET request = '{"resources": {"evac.cpu": 1}, "choose": "pack"}', allocations = '[{"group": "1"}]' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT outcome($$ SELECT * FROM arbiter_evacuate_provider('evac-1', '2086-02-01') $$);
UPDATE arbiter_claim SET allocations = '[]' FROM evac WHERE evac.reservation_id = arbiter_claim.reservation_id;
SELECT label, group_name, new_provider FROM evac_leave('evac-1', '2086-02-01', claimable => true);
TABLE evac_place;

-- the function is the privilege; users' triggers have their say
CREATE ROLE arbiter_evac;
SET ROLE arbiter_evac;
SELECT outcome($$ SELECT * FROM arbiter_evacuate_provider('evac-2') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_evacuate_provider TO arbiter_evac;
SET ROLE arbiter_evac;
SELECT count(*), bool_and(moved) FROM arbiter_evacuate_provider('evac-3', '2086-02-01', claimable => true);
RESET ROLE;
DROP OWNED BY arbiter_evac;
DROP ROLE arbiter_evac;
SELECT evac_reset();
CREATE FUNCTION evac_double() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.amount := 100; RETURN NEW; END $$;
CREATE TRIGGER evac_double BEFORE UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION evac_double();
SELECT evac_claim('mine', '{"resources": {"evac.cpu": 1}}', '2086-02-01');
SELECT moved, reason, message FROM evac_leave('evac-1', '2086-02-01');
DROP TRIGGER evac_double ON arbiter_reservation;
DROP FUNCTION evac_double;
SELECT evac_wrong();

SELECT evac_reset();
SELECT arbiter_drop_provider(name, force => true) FROM arbiter_provider WHERE name LIKE 'evac%';
SELECT arbiter_drop_provider_group(name) FROM arbiter_provider_group WHERE name LIKE 'evac%';
SELECT arbiter_set_distances('evac.failure', '{}');
DELETE FROM arbiter_capability WHERE name LIKE 'evac%';
DELETE FROM arbiter_resource_type WHERE resource_type LIKE 'evac%';
DROP VIEW evac_row, evac_place;
DROP FUNCTION evac_claim, evac_leave, evac_wrong, evac_reset;
DROP TABLE evac;
