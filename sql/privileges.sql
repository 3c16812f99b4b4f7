-- Privileges: who installs, who grants, who may reserve.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

CREATE ROLE regress_arbiter_owner;
CREATE ROLE regress_arbiter_booker;
CREATE ROLE regress_arbiter_reader;
CREATE ROLE regress_arbiter_orm;
CREATE ROLE regress_arbiter_nobody;
SELECT current_database() AS home \gset
CREATE DATABASE regression_arbiter_privileges OWNER regress_arbiter_owner TEMPLATE template0;
\c regression_arbiter_privileges
SET jit TO off;
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';

-- the owner of a database needs no superuser
SET ROLE regress_arbiter_owner;
-- ... and gets none from a script that is run by one: what is put in its way
-- is neither called nor built in
CREATE TABLE called (what text);
CREATE FUNCTION hostile(oid, regclass) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO called VALUES ('='); SELECT true $$;
CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = hostile);
CREATE FUNCTION hostile(numeric, integer) RETURNS numeric LANGUAGE sql AS $$ INSERT INTO called VALUES ('*'); SELECT 1.0 $$;
CREATE OPERATOR * (LEFTARG = numeric, RIGHTARG = integer, FUNCTION = hostile);
CREATE FUNCTION hostile(double precision, integer) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO called VALUES ('='); SELECT true $$;
CREATE OPERATOR = (LEFTARG = double precision, RIGHTARG = integer, FUNCTION = hostile);
CREATE FUNCTION hostile(bigint, interval) RETURNS interval LANGUAGE sql AS $$ INSERT INTO called VALUES ('*'); SELECT $2 $$;
CREATE OPERATOR * (LEFTARG = bigint, RIGHTARG = interval, FUNCTION = hostile);
CREATE FUNCTION hostile(text, text) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO called VALUES ('='); SELECT true $$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile);
CREATE FUNCTION lower(tstzrange) RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO called VALUES ('lower'); SELECT now() $$;
CREATE FUNCTION upper(tstzrange) RETURNS timestamptz LANGUAGE sql AS $$ INSERT INTO called VALUES ('upper'); SELECT now() $$;
CREATE FUNCTION cardinality(bigint[]) RETURNS integer LANGUAGE sql AS $$ INSERT INTO called VALUES ('cardinality'); SELECT 1 $$;
CREATE EXTENSION arbiter CASCADE;
SELECT * FROM called;
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, pg_describe_object(d.refclassid, d.refobjid, 0) AS uses
FROM pg_depend d
LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid OPERATOR(pg_catalog.=) d.refobjid
WHERE coalesce(p.pronamespace, o.oprnamespace) OPERATOR(pg_catalog.=) 'public'::regnamespace::oid
	AND d.classid OPERATOR(pg_catalog.<>) 'pg_operator'::regclass::oid
	AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype OPERATOR(pg_catalog.=) 'e'
		AND e.classid OPERATOR(pg_catalog.=) d.refclassid AND e.objid OPERATOR(pg_catalog.=) d.refobjid);
DROP OPERATOR public.= (oid, regclass), public.* (numeric, integer), public.= (double precision, integer), public.* (bigint, interval), public.= (text, text);
DROP FUNCTION hostile(oid, regclass), hostile(numeric, integer), hostile(double precision, integer), hostile(bigint, interval), hostile(text, text),
	lower(tstzrange), upper(tstzrange), cardinality(bigint[]);
DROP TABLE called;
CREATE FUNCTION outcome(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	row_count bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS row_count = ROW_COUNT;
	RETURN NEXT 'done, rows: ' || row_count;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
	RETURN NEXT state || ': ' || message;
END
$$;
SELECT arbiter_create_resource('gpu') > 0, arbiter_create_resource('cpu') > 0;
SELECT arbiter_set_capacity('gpu', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_set_capacity('cpu', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('gpu', '2030-01-01', '2030-01-02', 1) > 0;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '[2030-01-01,2030-01-02)', 1 FROM arbiter_resource WHERE name = 'gpu' $$);
SELECT user_id, amount FROM arbiter_reservation;
SELECT outcome($$ SELECT * FROM arbiter_check() $$);
SELECT arbiter_available('gpu', '2030-01-01', '2030-01-02');
SELECT outcome($$ SELECT * FROM arbiter_timeline('gpu') $$);
SELECT outcome($$ SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts() $$);
SELECT outcome($$ SELECT arbiter_purge('2001-01-01') $$);
SELECT outcome($$ SELECT arbiter_rebuild('gpu') $$);
SELECT outcome($$ SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE amount = 1 LIMIT 1 $$);

SELECT arbiter_set_price('gpu', 2);
SELECT cost FROM arbiter_booking ORDER BY cost;

-- the two usual roles
GRANT EXECUTE ON FUNCTION
	arbiter_reserve(bigint, bigint, bigint, text, text, text, boolean),
	arbiter_reserve(text, timestamptz, timestamptz, bigint, text, text, boolean),
	arbiter_reserve(text, text, text, bigint, text, text, boolean),
	arbiter_try_reserve(text, text, text, bigint, text, text, boolean),
	arbiter_reserve_all(jsonb, timestamptz, timestamptz, text, text, boolean),
	arbiter_try_reserve_all(jsonb, timestamptz, timestamptz, text, text, boolean),
	arbiter_cancel(bigint, boolean),
	arbiter_available(text, text, text),
	arbiter_quote(text, timestamptz, timestamptz, bigint),
	arbiter_cost(bigint)
TO regress_arbiter_booker;
GRANT SELECT ON arbiter_resource, arbiter_capacity, arbiter_price, arbiter_reservation, arbiter_timeline, arbiter_denial, arbiter_booking,
	arbiter_quota, arbiter_quota_limit, arbiter_group_member, arbiter_partition, arbiter_provider, arbiter_inventory, arbiter_inventory_total,
	arbiter_capability, arbiter_provider_capability, arbiter_provider_group, arbiter_provider_group_member,
	arbiter_distance_type, arbiter_distance, arbiter_provider_distance TO regress_arbiter_reader;
GRANT EXECUTE ON FUNCTION
	arbiter_available(text, bigint, bigint),
	arbiter_available(text, timestamptz, timestamptz),
	arbiter_available(text, text, text),
	arbiter_timeline(text, timestamptz, timestamptz),
	arbiter_conflicts(text),
	arbiter_unresolved(interval, text),
	arbiter_oversold(text, timestamptz, timestamptz, boolean),
	arbiter_check(text),
	arbiter_resource_id(text),
	arbiter_cost(integer, tstzrange, bigint),
	arbiter_microseconds(timestamptz),
	arbiter_instant(bigint),
	arbiter_version()
TO regress_arbiter_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON arbiter_reservation TO regress_arbiter_orm;
GRANT USAGE ON SEQUENCE arbiter_reservation_id_seq TO regress_arbiter_orm;
GRANT SELECT ON arbiter_resource TO regress_arbiter_orm;
RESET ROLE;

-- the booker: EXECUTE and nothing else
SET ROLE regress_arbiter_booker;
SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1) > 0;
SELECT arbiter_reserve('gpu', timestamptz '2030-01-02', timestamptz '2030-01-03', 1) > 0;
SELECT arbiter_reserve(1893542400, 1893628800, 1, resource => 'gpu') > 0;
SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1, 'someone else', 'key') > 0;
SELECT granted FROM arbiter_try_reserve('gpu', '2030-01-02', '2030-01-03', 1);
SELECT granted FROM arbiter_try_reserve('gpu', '2030-01-02', '2030-01-03', 11);
SELECT arbiter_reserve_all('{"cpu": 1, "gpu": 1}', '2030-01-02', '2030-01-03') > 0;
SELECT granted FROM arbiter_try_reserve_all('{"cpu": 11, "gpu": 1}', '2030-01-02', '2030-01-03');
SELECT arbiter_available('gpu', '2030-01-02', '2030-01-03');
SELECT arbiter_cancel(arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1)) IS NOT NULL;
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 11) $$);
SELECT outcome($$ SELECT count(*) FROM arbiter_reservation $$);
SELECT outcome($$ SELECT count(*) FROM arbiter_booking $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (1, '[2030-01-01,2030-01-02)', 1) $$);
SELECT outcome($$ SELECT arbiter_set_capacity('gpu', '2030-01-01', '2030-02-01', 1000) $$);
SELECT arbiter_quote('gpu', '2030-01-02', '2030-01-03', 1);
SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1) AS id \gset
SELECT arbiter_cost(:id);
SELECT arbiter_cancel(:id);
SELECT outcome($$ SELECT arbiter_set_price('gpu', 1) $$);
SELECT outcome($$ SELECT * FROM arbiter_price $$);
SELECT outcome($$ SELECT arbiter_cost(1, '[2030-01-02,2030-01-03)', 1) $$);
SELECT outcome($$ SELECT arbiter_create_resource('mine') $$);
SELECT outcome($$ SELECT arbiter_drop_resource('gpu', true) $$);
SELECT outcome($$ SELECT arbiter_try_reserve(1893542400, 1893628800, 1) $$);
SELECT outcome($$ SELECT arbiter_available('gpu', 1893542400, 1893628800) $$);
SELECT outcome($$ SELECT nextval('arbiter_reservation_id_seq') $$);
SELECT outcome($$ UPDATE arbiter_timeline SET base = 1000 $$);
RESET ROLE;

-- the reader: sees everything, changes nothing
SET ROLE regress_arbiter_reader;
SELECT user_id, amount, status FROM arbiter_reservation ORDER BY user_id, amount, status;
SELECT reason, user_id, amount FROM arbiter_denial ORDER BY denial_id;
SELECT * FROM arbiter_timeline('gpu', '2030-01-01', '2030-01-04');
SELECT arbiter_available('gpu', '2030-01-02', '2030-01-03'), arbiter_available('gpu', timestamptz '2030-01-02', timestamptz '2030-01-03');
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts();
SELECT count(*) FROM arbiter_unresolved();
SELECT * FROM arbiter_check();
SELECT arbiter_version() IS NOT NULL;
SELECT count(*), count(cost) FROM arbiter_booking;
SELECT count(*) FROM arbiter_price;
SELECT outcome($$ DELETE FROM arbiter_price $$);
SELECT outcome($$ SELECT arbiter_set_price('gpu', NULL) $$);
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1) $$);
SELECT outcome($$ SELECT arbiter_cancel(1) $$);
SELECT outcome($$ SELECT arbiter_purge('infinity') $$);
SELECT outcome($$ DELETE FROM arbiter_reservation $$);
RESET ROLE;

-- an ORM's role writes rows and is guarded without any privilege on the timeline
SET ROLE regress_arbiter_orm;
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '[2030-01-10,2030-01-11)', 6 FROM arbiter_resource WHERE name = 'gpu' $$);
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '[2030-01-10,2030-01-11)', 6 FROM arbiter_resource WHERE name = 'gpu' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 11 WHERE user_id = 'regress_arbiter_orm' $$);
SELECT outcome($$ UPDATE arbiter_reservation SET amount = 7 WHERE user_id = 'regress_arbiter_orm' $$);
SELECT outcome($$ DELETE FROM arbiter_reservation WHERE user_id = 'regress_arbiter_orm' $$);
SELECT outcome($$ TRUNCATE arbiter_reservation $$);
SELECT outcome($$ SELECT * FROM arbiter_timeline $$);
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1) $$);
RESET ROLE;

-- without anything
SET ROLE regress_arbiter_nobody;
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-02', '2030-01-03', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve(1893542400, 1893628800, 1) $$);
SELECT outcome($$ SELECT arbiter_reserve('gpu', timestamptz '2030-01-02', timestamptz '2030-01-03', 1) $$);
SELECT outcome($$ SELECT arbiter_try_reserve('gpu', '2030-01-02', '2030-01-03', 1) $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"gpu": 1}', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_available('gpu', '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_timeline('gpu') $$);
SELECT outcome($$ SELECT arbiter_cancel(1) $$);
SELECT outcome($$ SELECT arbiter_quote('gpu', '2030-01-02', '2030-01-03', 1) $$);
SELECT outcome($$ SELECT arbiter_cost(1) $$);
SELECT outcome($$ SELECT * FROM arbiter_price $$);
SELECT outcome($$ SELECT arbiter_version() $$);
SELECT outcome($$ SELECT * FROM arbiter_check() $$);
SELECT outcome($$ SELECT * FROM arbiter_resource $$);
RESET ROLE;

-- a trigger of the owner, fired by the booker's call: nobody's privileges grow
SET ROLE regress_arbiter_owner;
CREATE TABLE seen (caller name, sessions boolean);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen VALUES (current_user, session_user = current_user);
	RETURN NEW;
END
$$;
CREATE TRIGGER see BEFORE INSERT ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION see();
SET ROLE regress_arbiter_booker;
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-20', '2030-01-21', 1) $$);
SET ROLE regress_arbiter_owner;
GRANT INSERT ON seen TO regress_arbiter_booker;
SET ROLE regress_arbiter_booker;
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-20', '2030-01-21', 1) $$);
SET ROLE regress_arbiter_owner;
SELECT * FROM seen;

-- taken back
REVOKE EXECUTE ON FUNCTION arbiter_reserve(text, text, text, bigint, text, text, boolean) FROM regress_arbiter_booker;
SET ROLE regress_arbiter_booker;
SELECT outcome($$ SELECT arbiter_reserve('gpu', '2030-01-20', '2030-01-21', 1) $$);
RESET ROLE;

-- a wrapper of the owner restricts by user: SECURITY DEFINER
SET ROLE regress_arbiter_owner;
CREATE FUNCTION reserve_mine(start_time timestamptz, end_time timestamptz, amount bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path TO public, pg_temp
AS $$ SELECT arbiter_reserve('gpu', start_time, end_time, amount, session_user) $$;
SET ROLE regress_arbiter_nobody;
SELECT reserve_mine('2030-01-25', '2030-01-26', 1) > 0;
RESET ROLE;
SELECT * FROM arbiter_check();

-- providers: arbiter_set_inventory() needs nothing else, the others the tables
SET ROLE regress_arbiter_owner;
SELECT arbiter_create_provider('node') > 0, arbiter_create_provider_group('east', 'site') > 0;
SELECT arbiter_add_to_group('east', 'node'), arbiter_set_capabilities('node', '{ssd}'), arbiter_set_distances('failure', '{rack}'), arbiter_set_distance('node', 'east', 'failure', 'rack');
GRANT EXECUTE ON FUNCTION arbiter_set_inventory, arbiter_add_capability, arbiter_model_id, arbiter_check_model_name, arbiter_drop_provider,
	arbiter_drop_resource TO regress_arbiter_booker;
SET ROLE regress_arbiter_booker;
SELECT arbiter_set_inventory('node', 'cpu', 8) > 0;
SELECT outcome($$ SELECT arbiter_add_capability('node', 'avx2') $$);
SELECT outcome($$ SELECT arbiter_drop_provider('node') $$);
SELECT outcome($$ UPDATE arbiter_inventory SET reserved = 1 $$);
RESET ROLE;
GRANT SELECT, UPDATE ON arbiter_provider TO regress_arbiter_booker;
GRANT SELECT, INSERT, UPDATE ON arbiter_capability, arbiter_provider_capability TO regress_arbiter_booker;
GRANT USAGE ON SEQUENCE arbiter_capability_capability_id_seq TO regress_arbiter_booker;
SET ROLE regress_arbiter_booker;
SELECT outcome($$ SELECT arbiter_add_capability('node', 'avx2') $$);
-- whatever the search path is
RESET ROLE;
CREATE SCHEMA regress_arbiter_hostile AUTHORIZATION regress_arbiter_booker;
SET ROLE regress_arbiter_booker;
CREATE FUNCTION regress_arbiter_hostile.differs(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OPERATOR regress_arbiter_hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_arbiter_hostile.differs);
SET search_path = regress_arbiter_hostile, pg_catalog, public;
SELECT outcome($$ SELECT public.arbiter_add_capability('no such node', 'avx2') $$);
RESET search_path;
RESET ROLE;
DROP SCHEMA regress_arbiter_hostile CASCADE;
SELECT c.name FROM arbiter_provider_capability JOIN arbiter_capability c USING (capability_id) ORDER BY 1;
SELECT * FROM arbiter_check();

-- and the owner may drop it all
SET ROLE regress_arbiter_owner;
DROP FUNCTION reserve_mine(timestamptz, timestamptz, bigint);
DROP EXTENSION arbiter CASCADE;
RESET ROLE;
\c :home
DROP DATABASE regression_arbiter_privileges;
DROP ROLE regress_arbiter_owner, regress_arbiter_booker, regress_arbiter_reader, regress_arbiter_orm, regress_arbiter_nobody;
