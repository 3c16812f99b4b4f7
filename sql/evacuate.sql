-- arbiter_conflicts and arbiter_evacuate: capacity is cut, and reservations have to go elsewhere.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('flood.east') > 0;
SELECT arbiter_create_resource('flood.west') > 0;
SELECT arbiter_set_capacity('flood.east', '2086-01-01', '2086-02-01', 10);
SELECT arbiter_set_capacity('flood.west', '2086-01-01', '2086-01-20', 6);

-- reservations with names, in the order in which they were made
CREATE TABLE flood (label text PRIMARY KEY, reservation_id bigint);
CREATE PROCEDURE flood_reserve(label text, resource text, start_time timestamptz, end_time timestamptz,
	amount bigint, user_id text DEFAULT 'ann', tryout boolean DEFAULT false)
LANGUAGE sql AS $$
	INSERT INTO flood VALUES (label, arbiter_reserve(resource, start_time, end_time, amount, user_id, tryout => tryout))
$$;
CREATE FUNCTION flood_labels(ids bigint[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(coalesce(label, '?'), ' ' ORDER BY n)
	FROM unnest(ids) WITH ORDINALITY i (id, n) LEFT JOIN flood ON reservation_id = id
$$;
CREATE FUNCTION flood_conflicts(resource text DEFAULT NULL)
RETURNS TABLE (resource text, during tstzrange, capacity bigint, reserved bigint, available bigint, reservations text)
LANGUAGE sql AS $$
	SELECT c.resource_name, c.during, c.capacity, c.reserved, c.available, flood_labels(c.reservation_ids)
	FROM arbiter_conflicts(flood_conflicts.resource) c WHERE c.resource_name LIKE 'flood%'
$$;
CREATE FUNCTION flood_evacuate(from_resource text, to_resource text, start_time timestamptz DEFAULT NULL,
	end_time timestamptz DEFAULT NULL, sort_order text DEFAULT 'newest', only_conflicts boolean DEFAULT false)
RETURNS TABLE (label text, part integer, user_id text, during tstzrange, amount bigint, moved boolean, reason text,
	message text, limiting_time timestamptz, available bigint)
LANGUAGE sql AS $$
	SELECT coalesce(f.label, '?'), e.part, e.user_id, e.during, e.amount, e.moved, e.reason, e.message, e.limiting_time, e.available
	FROM arbiter_evacuate(from_resource, to_resource, start_time, end_time, sort_order, only_conflicts) WITH ORDINALITY e
		LEFT JOIN flood f USING (reservation_id)
	ORDER BY e.ordinality
$$;
-- where they are now
CREATE VIEW flood_now AS
	SELECT f.label, v.part, r.name, v.during, v.amount, v.status, v.attributes
	FROM flood f JOIN arbiter_reservation v USING (reservation_id) JOIN arbiter_resource r USING (resource_id)
	ORDER BY f.label, v.part;

CALL flood_reserve('a', 'flood.east', '2086-01-05', '2086-01-10', 4);
CALL flood_reserve('b', 'flood.east', '2086-01-06', '2086-01-10', 1, 'bob');
CALL flood_reserve('c', 'flood.east', '2086-01-08', '2086-01-12', 3, 'ann');
CALL flood_reserve('d', 'flood.east', '2086-01-18', '2086-01-22', 2, 'bob');
CALL flood_reserve('e', 'flood.east', '2086-01-24', '2086-01-25', 9, 'cid');
CALL flood_reserve('f', 'flood.west', '2086-01-05', '2086-01-06', 1, 'dan');
SELECT count(*) FROM flood_conflicts();

-- the flood
SELECT outcome($$ SELECT arbiter_set_capacity('flood.east', '2086-01-01', '2086-02-01', 2) $$);
SELECT arbiter_set_capacity('flood.east', '2086-01-01', '2086-02-01', 2, force => true);
SELECT * FROM flood_conflicts();
SELECT * FROM flood_conflicts('flood.west');
SELECT outcome($$ SELECT * FROM arbiter_conflicts('flood.nowhere') $$);

-- newest first; what has no place stays, and says why
BEGIN;
SELECT * FROM flood_evacuate('flood.east', 'flood.west');
SELECT label, name, during, amount, status FROM flood_now;
SELECT * FROM flood_conflicts();
SELECT count(*) FROM arbiter_check();
ROLLBACK;
-- in other orders
BEGIN;
SELECT label, user_id, amount, moved, reason FROM flood_evacuate('flood.east', 'flood.west', sort_order => 'oldest');
ROLLBACK;
BEGIN;
SELECT label, user_id, amount, moved, reason FROM flood_evacuate('flood.east', 'flood.west', sort_order => 'smallest');
ROLLBACK;
BEGIN;
SELECT label, user_id, amount, moved, reason FROM flood_evacuate('flood.east', 'flood.west', sort_order => 'largest');
ROLLBACK;
BEGIN;
SELECT label, user_id, amount, moved, reason FROM flood_evacuate('flood.east', 'flood.west', sort_order => 'user');
ROLLBACK;
-- only some time: whoever overlaps it
BEGIN;
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west', '2086-01-10', '2086-01-20');
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west', '-infinity', '2086-01-06');
SELECT count(*) FROM flood_evacuate('flood.east', 'flood.west', '2086-01-14', '2086-01-15');
ROLLBACK;
-- only what it takes to end the conflicts: c goes, b then need not
BEGIN;
SELECT arbiter_set_capacity('flood.east', '2086-01-01', '2086-02-01', 5);
SELECT * FROM flood_conflicts();
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west', only_conflicts => true);
SELECT * FROM flood_conflicts();
SELECT count(*) FROM flood_evacuate('flood.east', 'flood.west', '2086-01-01', '2086-01-20', only_conflicts => true);
ROLLBACK;

-- the trace, appended
UPDATE arbiter_reservation SET attributes = '{"ticket": [1, {"a": null}], "z": "x"}' WHERE reservation_id = (SELECT reservation_id FROM flood WHERE label = 'b');
UPDATE arbiter_reservation SET attributes = '[1, 2]' WHERE reservation_id = (SELECT reservation_id FROM flood WHERE label = 'c');
BEGIN;
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west');
SELECT label, jsonb_set(attributes, '{evacuated,0,at}', to_jsonb((attributes #>> '{evacuated,0,at}')::timestamptz BETWEEN now() AND clock_timestamp()))
FROM flood_now WHERE attributes IS NOT NULL;
-- capacity that comes back reinstates nothing: conflicts shrink
SELECT * FROM flood_conflicts();
SELECT arbiter_set_capacity('flood.east', '2086-01-01', '2086-02-01', 10);
SELECT * FROM flood_conflicts();
SELECT label, name FROM flood_now;
-- back again
SELECT label, moved FROM flood_evacuate('flood.west', 'flood.east');
SELECT label, jsonb_path_query_array(attributes, '$.evacuated[*].from') FROM flood_now WHERE attributes IS NOT NULL;
SELECT label, name FROM flood_now;
SELECT attributes - 'evacuated' FROM flood_now WHERE label IN ('b', 'c');
UPDATE arbiter_reservation SET attributes = v.attributes
FROM (VALUES ('a', 'null'::jsonb), ('b', '{"evacuated": {"from": "elsewhere"}}'), ('c', '7')) v (label, attributes)
WHERE reservation_id = (SELECT f.reservation_id FROM flood f WHERE f.label = v.label);
SELECT count(*) FROM flood_evacuate('flood.east', 'flood.west');
SELECT label, attributes -> 'attributes', attributes #>> '{evacuated,0,from}', attributes #>> '{evacuated,1,from}'
FROM flood_now WHERE label IN ('a', 'b', 'c');
ROLLBACK;

-- what the new resource wants: granularity, buffers, float; not its lead time
SELECT arbiter_create_resource('flood.hours', granularity => '1 day', min_lead => '100 years', setup_time => '12 hours', float_percent => 50) > 0;
SELECT arbiter_set_capacity('flood.hours', '2086-01-01', '2086-02-01', 4);
BEGIN;
CALL flood_reserve('g', 'flood.west', '2086-01-02 06:00', '2086-01-03', 1);
CALL flood_reserve('h', 'flood.west', '2086-01-02', '2086-01-03', 2);
CALL flood_reserve('i', 'flood.west', '2086-01-02', '2086-01-03', 1);
CALL flood_reserve('j', 'flood.west', '2086-01-02', '2086-01-03', 2, tryout => true);
CALL flood_reserve('k', 'flood.west', '2086-01-03', '2086-01-04', 1, tryout => true);
CALL flood_reserve('l', 'flood.west', '2086-01-01', '2086-01-02', 1, tryout => true);
SELECT label, amount, moved, reason, message, limiting_time, available FROM flood_evacuate('flood.west', 'flood.hours', '2086-01-01', '2086-01-04', 'oldest');
SELECT during, available FROM arbiter_timeline('flood.hours', '2086-01-01', '2086-01-05');
SELECT count(*) FROM arbiter_check();
ROLLBACK;

-- holds move as holds; expired ones are left alone, and in nobody's way
BEGIN;
INSERT INTO flood VALUES ('m', arbiter_hold('flood.east', '2086-01-26', '2086-01-27', 1, '1 day')),
	('n', arbiter_hold('flood.east', '2086-01-15', '2086-01-16', 1, '1 day'));
WITH v AS (INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES
	(id_of('flood.west'), '[2086-01-05, 2086-01-16)', 4, 'held', '2020-01-01'), (id_of('flood.east'), '[2086-01-12, 2086-01-13)', 1, 'held', '2020-01-01')
	RETURNING resource_id, reservation_id)
INSERT INTO flood SELECT 'expired' || row_number() OVER (ORDER BY resource_id), reservation_id FROM v;
SELECT label, amount, moved, reason FROM flood_evacuate('flood.east', 'flood.west', '2086-01-01', '2086-01-20');
SELECT label, name, status FROM flood_now WHERE label = 'n' OR label LIKE 'exp%';
SELECT arbiter_confirm(reservation_id) FROM flood WHERE label = 'n';
SELECT count(*) FROM arbiter_check();
ROLLBACK;

-- several parts: those that are there move
BEGIN;
INSERT INTO flood VALUES ('o', arbiter_reserve_all('{"flood.west": 1, "flood.east": 2}', '2086-01-15', '2086-01-16'));
SELECT name, amount FROM flood_now WHERE label = 'o' ORDER BY name;
SELECT label, amount, moved FROM flood_evacuate('flood.west', 'flood.hours', '2086-01-15', '2086-01-16');
SELECT name, amount FROM flood_now WHERE label = 'o' ORDER BY name;
ROLLBACK;

-- cancelled and past ones are no matter
BEGIN;
SELECT arbiter_cancel(reservation_id) FROM flood WHERE label = 'c';
SELECT arbiter_set_capacity('flood.east', '2000-01-01', '2001-01-01', 1);
CALL flood_reserve('p', 'flood.east', '2000-01-01', '2000-01-02', 1);
SELECT label FROM flood_evacuate('flood.east', 'flood.west');
ROLLBACK;

-- both resources unbuilt
BEGIN;
DELETE FROM arbiter_timeline WHERE resource_id IN (id_of('flood.east'), id_of('flood.west'));
SELECT label, reservations FROM (SELECT reservations AS label, during AS reservations FROM flood_conflicts('flood.east')) c;
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west');
SELECT count(*) FROM arbiter_check();
ROLLBACK;

-- users' triggers see an update, and what they make of it is decided
CREATE FUNCTION flood_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.amount := NEW.amount + 3;
	RETURN NEW;
END $$;
CREATE FUNCTION flood_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% rows', (SELECT count(*) FROM new_rows);
	RETURN NULL;
END $$;
CREATE TRIGGER flood_before BEFORE UPDATE OF resource_id ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION flood_before();
CREATE TRIGGER flood_after AFTER UPDATE ON arbiter_reservation REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION flood_after();
SELECT outcome($$ SELECT * FROM arbiter_evacuate('flood.east', 'flood.west') $$);
BEGIN;
SELECT arbiter_set_capacity('flood.west', '2086-01-01', '2086-01-20', 20);
SELECT label, amount, moved FROM flood_evacuate('flood.east', 'flood.west');
SELECT label, name, amount FROM flood_now;
SELECT count(*) FROM arbiter_check();
ROLLBACK;
DROP TRIGGER flood_before ON arbiter_reservation;
DROP TRIGGER flood_after ON arbiter_reservation;

-- progress
BEGIN;
SET LOCAL arbiter.progress_interval = 0;
SELECT label, moved FROM flood_evacuate('flood.east', 'flood.west');
SELECT arbiter_rebuild('flood.west') > 0;
ROLLBACK;

-- refusals
SELECT outcome(format('SELECT * FROM arbiter_evacuate(%s)', arguments)) FROM (VALUES
	('NULL, ''flood.west'''),
	('''flood.east'', NULL'),
	('''flood.east'', ''flood.west'', sort_order => NULL'),
	('''flood.east'', ''flood.west'', only_conflicts => NULL'),
	('''flood.east'', ''flood.west'', sort_order => ''loudest'''),
	('''flood.east'', ''flood.east'''),
	('''flood.east'', ''flood.nowhere'''),
	('''flood.nowhere'', ''flood.west'''),
	('''flood.east'', ''flood.west'', ''2086-01-02'', ''2086-01-02'''),
	('''flood.east'', ''flood.west'', ''2086-01-03'', ''2086-01-02'''),
	('''flood.east'', ''flood.west'', ''infinity''')) v (arguments);
BEGIN READ ONLY;
SELECT outcome($$ SELECT * FROM arbiter_evacuate('flood.east', 'flood.west') $$);
ROLLBACK;
CREATE ROLE arbiter_flood;
SET ROLE arbiter_flood;
SELECT * FROM arbiter_evacuate('flood.east', 'flood.west');
SELECT * FROM arbiter_conflicts();
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_evacuate TO arbiter_flood;
BEGIN;
SET LOCAL ROLE arbiter_flood;
SELECT count(*) FROM arbiter_evacuate('flood.east', 'flood.west');
ROLLBACK;
DROP OWNED BY arbiter_flood;
DROP ROLE arbiter_flood;

-- random evacuations: as the naive rule has it, one by one
SELECT arbiter_create_resource('flood.x', setup_time => '30 min') > 0;
SELECT arbiter_create_resource('flood.y', granularity => '1 hour', cleanup_time => '90 min', float_percent => 20) > 0;
CREATE PROCEDURE flood_rounds(rounds integer, seed double precision) LANGUAGE plpgsql AS $$
DECLARE
	row record;
	chosen_order text;
	only_some boolean;
	expected text;
	found text;
	moves boolean;
	different integer := 0;
	windows integer := 0;
	moved bigint := 0;
	considered bigint := 0;
BEGIN
	PERFORM setseed(seed);
	FOR round IN 1 .. rounds LOOP
		PERFORM arbiter_set_capacity(name, s, s + interval '1 hour' * (1 + floor(random() * 100)), floor(random() * 9)::bigint, force => true)
		FROM (SELECT CASE WHEN random() < 0.5 THEN 'flood.x' ELSE 'flood.y' END AS name,
				timestamptz '2086-01-01' + interval '1 hour' * floor(random() * 150) AS s
			FROM generate_series(1, 3) OFFSET 0) s;
		PERFORM arbiter_reserve_many((
			SELECT jsonb_agg(jsonb_build_object('resource', 'flood.x', 'start_time', s, 'end_time', s + interval '30 min' * (1 + floor(random() * 60)),
				'amount', 1 + floor(random() * 4)::int, 'tryout', random() < 0.3, 'user_id', 'u' || floor(random() * 4)))
			FROM (SELECT timestamptz '2086-01-01' + interval '30 min' * (2 * floor(random() * 150) + (random() < 0.1)::int) AS s
				FROM generate_series(1, 10) OFFSET 0) s));
		windows := windows + (SELECT count(*) FROM arbiter_conflicts() WHERE resource_name LIKE 'flood.%');
		different := different + (SELECT count(*) FROM arbiter_conflicts() c
			WHERE c.resource_name LIKE 'flood.%' AND c.reservation_ids IS DISTINCT FROM (
				SELECT array_agg(v.reservation_id ORDER BY v.created_at DESC, v.reservation_id DESC)
				FROM arbiter_reservation v
				WHERE v.resource_id = id_of(c.resource_name) AND v.status = 'confirmed'
					AND coalesce(v.occupied, v.during) && c.during));
		chosen_order := ('{newest,oldest,smallest,largest,user}'::text[])[1 + floor(random() * 5)::int];
		only_some := random() < 0.5;

		-- on a copy of the two resources' rows and schedules
		CREATE TEMP TABLE naive AS
			SELECT v.reservation_id, v.resource_id, v.during, v.amount, v.tryout, v.user_id, v.created_at,
				coalesce(v.occupied, v.during) AS occupied
			FROM arbiter_reservation v
			WHERE v.status = 'confirmed' AND v.resource_id IN (id_of('flood.x'), id_of('flood.y'));
		CREATE TEMP TABLE instant AS
			SELECT lower(occupied) AS at FROM naive UNION SELECT lower(during) FROM naive
			UNION SELECT upper(during) + interval '90 min' FROM naive
			UNION SELECT lower(during) FROM arbiter_capacity UNION SELECT upper(during) FROM arbiter_capacity;
		expected := '';
		FOR row IN SELECT n.*, tstzrange(lower(n.during), upper(n.during) + interval '90 min') AS there FROM naive n
			WHERE n.resource_id = id_of('flood.x')
			ORDER BY CASE chosen_order WHEN 'smallest' THEN n.amount WHEN 'largest' THEN - n.amount END,
				CASE chosen_order WHEN 'user' THEN n.user_id END COLLATE "C",
				CASE chosen_order WHEN 'oldest' THEN n.created_at END,
				CASE chosen_order WHEN 'oldest' THEN n.reservation_id END,
				n.created_at DESC, n.reservation_id DESC
		LOOP
			CONTINUE WHEN only_some AND NOT EXISTS (
				SELECT FROM instant i WHERE i.at <@ row.occupied
					AND coalesce((SELECT sum(c.amount) FROM arbiter_capacity c WHERE c.resource_id = id_of('flood.x') AND c.during @> i.at), 0)
						< (SELECT sum(n.amount) FROM naive n WHERE n.resource_id = id_of('flood.x') AND n.occupied @> i.at));
			moves := date_trunc('hour', lower(row.during)) = lower(row.during) AND date_trunc('hour', upper(row.during)) = upper(row.during)
				AND NOT EXISTS (
					SELECT FROM instant i,
						LATERAL (SELECT coalesce(sum(c.amount), 0) AS capacity FROM arbiter_capacity c
							WHERE c.resource_id = id_of('flood.y') AND c.during @> i.at) c
					WHERE i.at <@ row.there
						AND c.capacity - CASE WHEN row.tryout THEN 0 ELSE ceil(c.capacity * 0.2) END - row.amount
							< coalesce((SELECT sum(n.amount) FROM naive n WHERE n.resource_id = id_of('flood.y') AND n.occupied @> i.at), 0));
			expected := expected || ' ' || row.reservation_id || CASE WHEN moves THEN '+' ELSE '-' END;
			IF moves THEN
				UPDATE naive n SET resource_id = id_of('flood.y'), occupied = row.there WHERE n.reservation_id = row.reservation_id;
				moved := moved + 1;
			END IF;
			considered := considered + 1;
		END LOOP;
		SELECT coalesce(string_agg(' ' || e.reservation_id || CASE WHEN e.moved THEN '+' ELSE '-' END, '' ORDER BY e.ordinality), '') INTO found
		FROM arbiter_evacuate('flood.x', 'flood.y', '-infinity', 'infinity', chosen_order, only_some) WITH ORDINALITY e;
		IF found <> expected THEN
			different := different + 1;
			RAISE WARNING 'seed %, round %, %, %: % is not %', seed, round, chosen_order, only_some, found, expected;
		END IF;
		DROP TABLE naive, instant;
		PERFORM arbiter_cancel(v.reservation_id) FROM arbiter_reservation v
		WHERE v.status = 'confirmed' AND v.resource_id IN (id_of('flood.x'), id_of('flood.y')) AND random() < 0.4;
	END LOOP;
	RAISE INFO '% evacuations, % different; windows: %; some of each: %', rounds, different, windows > rounds, moved BETWEEN considered / 10 AND considered - considered / 10;
END $$;
CALL flood_rounds(40, 0.75);

SELECT count(*) FROM arbiter_check();
-- nothing is left in conflict for other tests
SELECT arbiter_drop_resource(name, force => true) FROM arbiter_resource WHERE name LIKE 'flood.%' ORDER BY name;
DROP VIEW flood_now;
DROP FUNCTION flood_evacuate;
DROP FUNCTION flood_conflicts;
DROP TABLE flood CASCADE;
