-- Swap: release and take in one call.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('swap') > 0;
SELECT arbiter_create_resource('swap.two') > 0;
SELECT count(arbiter_set_capacity(r, '2030-01-01', '2031-01-01', 10)) FROM unnest('{swap,swap.two}'::text[]) r;
-- the new ids, as how many after the last one
CREATE FUNCTION swapped(ids bigint[], requests jsonb) RETURNS TABLE (request int, offset_to_last bigint)
LANGUAGE plpgsql AS $$
DECLARE
	last bigint := nextval('arbiter_reservation_id_seq');
BEGIN
	RETURN QUERY SELECT s.request, s.reservation_id - last FROM arbiter_swap(ids, requests) s;
END $$;

-- a cluster of three is made a larger and a smaller one
SELECT array_agg(arbiter_reserve('swap', '2030-03-01', '2030-03-10', n, 'ann')) AS cluster FROM generate_series(2, 4) n \gset
SELECT * FROM swapped(:'cluster', '[
	{"resource": "swap", "start_time": "2030-03-01", "end_time": "2030-03-10", "amount": 8, "user_id": "ann"},
	{"resource": "swap", "start_time": "2030-03-02", "end_time": "2030-03-10", "amount": 2, "user_id": "bob"}]');
SELECT * FROM booked('swap');
SELECT arbiter_available('swap', '2030-03-01', '2030-03-02'), arbiter_available('swap', '2030-03-02', '2030-03-10');
SELECT * FROM arbiter_check();
-- refused: the request is named, and everything stays
SELECT array_agg(reservation_id) AS live FROM arbiter_reservation WHERE resource_id = id_of('swap') AND status = 'confirmed' \gset
SELECT outcome(format($$ SELECT * FROM arbiter_swap(%L, '[
	{"resource": "swap", "start_time": "2030-03-01", "end_time": "2030-03-10", "amount": 8},
	{"resource": "swap", "start_time": "2030-03-05", "end_time": "2030-03-12", "amount": 3}]') $$, :'live'));
SELECT outcome(format($$ SELECT * FROM arbiter_swap(%L, '[
	{"resource": "swap.two", "start_time": "2030-03-01", "end_time": "2030-03-10", "amount": 10},
	{"resource": "swap", "start_time": "2030-12-31", "end_time": "2031-01-02", "amount": 3}]') $$, :'live'));
SELECT outcome(format($$ SELECT * FROM arbiter_swap(%L, '[
	{"resource": "swap", "start_time": "2030-03-01", "end_time": "2030-03-10", "amount": 11}]') $$, :'live'));
SELECT * FROM booked('swap') WHERE status = 'confirmed';
SELECT * FROM booked('swap.two');
SELECT arbiter_available('swap', '2030-03-02', '2030-03-10'), arbiter_available('swap.two', '2030-03-02', '2030-03-10');
-- only a part of what is released comes back: nobody else can have the rest before
SELECT * FROM swapped(:'live', '[{"resource": "swap", "start_time": "2030-03-01", "end_time": "2030-03-10", "amount": 10}]');
-- a row of a table travels as it is; null stands for a default; times may be epochs
CREATE TABLE swap_plan (resource text, start_time timestamptz, end_time timestamptz, amount bigint, user_id text, request_key text, tryout boolean);
INSERT INTO swap_plan VALUES ('swap.two', '2030-05-01', '2030-05-02', 4, 'ann', NULL, NULL), ('swap.two', '2030-05-01', '2030-05-02', 6, 'bob', 'k', false);
SELECT s.* FROM (SELECT jsonb_agg(p) AS requests FROM swap_plan p) r, swapped('{}', requests) s;
SELECT * FROM swapped('{}', '[{"resource": "swap.two", "start_time": 1898985600, "end_time": 1899072000, "amount": 1}]');
SELECT * FROM booked('swap.two');
DROP TABLE swap_plan;
-- nothing to make: many are cancelled at once
SELECT array_agg(reservation_id) AS two FROM arbiter_reservation WHERE resource_id = id_of('swap.two') \gset
SELECT * FROM arbiter_swap(:'two', '[]');
SELECT status, count(*) FROM booked('swap.two') GROUP BY 1;
SELECT * FROM arbiter_swap('{}', '[]');
SELECT * FROM arbiter_check();
-- one that is named twice is released once
SELECT arbiter_reserve('swap.two', '2030-06-01', '2030-06-02', 6) AS id \gset
SELECT * FROM swapped(ARRAY[:id, :id], '[{"resource": "swap.two", "start_time": "2030-06-01", "end_time": "2030-06-02", "amount": 10}]');
SELECT outcome($$ SELECT arbiter_reserve('swap.two', '2030-06-01', '2030-06-02', 1) $$);
-- several parts, holds
SELECT arbiter_reserve_all('{"swap": 5, "swap.two": 5}', '2030-07-01', '2030-07-02') AS both \gset
SELECT arbiter_hold('swap', '2030-07-01', '2030-07-02', 5, '1 day') AS hold \gset
SELECT * FROM swapped(ARRAY[:hold, :both], '[{"resource": "swap.two", "start_time": "2030-07-01", "end_time": "2030-07-02", "amount": 10}]');
SELECT arbiter_available('swap', '2030-07-01', '2030-07-02'), arbiter_available('swap.two', '2030-07-01', '2030-07-02');
SELECT reservation_id = :hold, part, status FROM arbiter_reservation WHERE reservation_id IN (:hold, :both) ORDER BY 1, 2;
-- what cannot be released
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[]') $$, :hold));
SELECT outcome($$ SELECT * FROM arbiter_swap('{-1}', '[]') $$);
SELECT arbiter_hold('swap', '2030-07-01', '2030-07-02', 5, '1 day') AS hold \gset
UPDATE arbiter_reservation SET expires_at = '2001-01-01' WHERE reservation_id = :hold;
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap", "start_time": "2030-07-01", "end_time": "2030-07-02", "amount": 1}]') $$, :hold));
-- an expired hold that is not named is no obstacle
SELECT * FROM swapped('{}', '[{"resource": "swap", "start_time": "2030-07-01", "end_time": "2030-07-02", "amount": 10}]');
SELECT status FROM arbiter_reservation WHERE reservation_id = :hold;
SELECT * FROM arbiter_check();

--
-- what is no request: nothing is released
--
SELECT arbiter_reserve('swap', '2030-08-01', '2030-08-02', 5) AS id \gset
SELECT requests, outcome(format('SELECT * FROM arbiter_swap(''{%s}'', %L)', :id, requests))
FROM (VALUES ('{}'), ('"x"'), ('[1]'), ('[{}]'), ('[{"resource": "swap"}]'),
	('[{"resource": "swap", "start_time": "2030-08-01", "end_time": "2030-08-02", "amount": 1, "colour": "red"}]'),
	('[{"resource": "swap.none", "start_time": "2030-08-01", "end_time": "2030-08-02", "amount": 1}]'),
	('[{"resource": "swap", "start_time": "2030-08-01", "end_time": "2030-08-02", "amount": 1}, {"resource": "swap", "start_time": "2030-08-01", "end_time": "2030-08-02", "amount": 0}]'),
	('[{"resource": "swap", "start_time": "2030-08-02", "end_time": "2030-08-01", "amount": 1}]'),
	('[{"resource": "swap", "start_time": "soon", "end_time": "2030-08-01", "amount": 1}]'),
	('[{"resource": "swap", "start_time": 1898985600000, "end_time": 1899072000000, "amount": 1}]'),
	('[{"resource": "swap", "start_time": "2030-08-01", "end_time": "2030-08-02", "amount": 1.5}]')) v (requests);
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', NULL) $$, :id));
SELECT outcome($$ SELECT * FROM arbiter_swap(NULL, '[]') $$);
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s,NULL}', '[]') $$, :id));
SELECT arbiter_create_resource('swap.lead', min_lead => '1 day', granularity => '1 hour') > 0;
SELECT arbiter_set_capacity('swap.lead', '2001-01-01', '2199-01-01', 1);
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap.lead", "start_time": "2001-08-01", "end_time": "2001-08-02", "amount": 1}]') $$, :id), mask => true);
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap.lead", "start_time": "2001-08-01 00:30", "end_time": "2001-08-02", "amount": 1}]') $$, :id));
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap.lead", "start_time": null, "end_time": "2001-08-02", "amount": 1}]') $$, :id), mask => true);
SELECT status FROM arbiter_reservation WHERE reservation_id = :id;
-- a start that is null is the earliest permitted one
SELECT * FROM swapped(ARRAY[:id], '[{"resource": "swap.lead", "start_time": null, "end_time": "2199-01-01", "amount": 1}]');
SELECT lower(during) BETWEEN now() + interval '1 day' AND now() + interval '25 hours 1 minute', amount, status FROM arbiter_reservation WHERE resource_id = id_of('swap.lead');

--
-- request keys: a call that is repeated
--
SELECT arbiter_reserve('swap', '2030-09-01', '2030-09-02', 6, 'ann') AS id \gset
SELECT * FROM swapped(ARRAY[:id], '[{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 7, "user_id": "ann", "request_key": "s1"},
	{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 3, "user_id": "ann", "request_key": "s2"}]');
SELECT count(*), bool_and(v.status = 'confirmed') FROM arbiter_swap(ARRAY[:id], '[{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 7, "user_id": "ann", "request_key": "s1"},
	{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 3, "user_id": "ann", "request_key": "s2"}]') s
JOIN arbiter_reservation v ON v.reservation_id = s.reservation_id AND v.request_key = 's' || s.request;
SELECT * FROM booked('swap') WHERE during && '[2030-09-01,2030-09-02)';
-- with another request beside it, it is another call
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 7, "user_id": "ann", "request_key": "s1"},
	{"resource": "swap", "start_time": "2030-09-03", "end_time": "2030-09-04", "amount": 3, "user_id": "ann", "request_key": "s3"}]') $$, :id));
SELECT outcome($$ SELECT * FROM arbiter_swap('{}', '[{"resource": "swap", "start_time": "2030-09-01", "end_time": "2030-09-02", "amount": 8, "user_id": "ann", "request_key": "s1"}]') $$);
-- twice in one call: the same answer, or other arguments
SELECT * FROM swapped('{}', '[{"resource": "swap", "start_time": "2030-09-05", "end_time": "2030-09-06", "amount": 7, "user_id": "ann", "request_key": "s4"},
	{"resource": "swap", "start_time": "2030-09-05", "end_time": "2030-09-06", "amount": 7, "user_id": "ann", "request_key": "s4"},
	{"resource": "swap", "start_time": "2030-09-05", "end_time": "2030-09-06", "amount": 2, "user_id": "bob", "request_key": "s4"}]');
SELECT outcome($$ SELECT * FROM arbiter_swap('{}', '[{"resource": "swap", "start_time": "2030-09-07", "end_time": "2030-09-08", "amount": 7, "user_id": "ann", "request_key": "s5"},
	{"resource": "swap", "start_time": "2030-09-07", "end_time": "2030-09-08", "amount": 1, "user_id": "ann", "request_key": "s5"}]') $$);
SELECT * FROM booked('swap') WHERE during && '[2030-09-03,2030-09-09)';
SELECT * FROM arbiter_check();

--
-- an oversold window: what is no worse than before is granted
--
SELECT arbiter_reserve('swap', '2030-10-01', '2030-10-02', 8) AS id \gset
SELECT arbiter_set_capacity('swap', '2030-10-01', '2030-10-02', 2, force => true);
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap", "start_time": "2030-10-01", "end_time": "2030-10-02", "amount": 9}]') $$, :id));
SELECT * FROM swapped(ARRAY[:id], '[{"resource": "swap", "start_time": "2030-10-01", "end_time": "2030-10-02", "amount": 7}]');
SELECT available FROM arbiter_conflicts('swap');

--
-- setup and cleanup time, the float
--
SELECT arbiter_create_resource('swap.clean', cleanup_time => '1 hour', float_percent => 20) > 0;
SELECT arbiter_set_capacity('swap.clean', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('swap.clean', '2030-01-02 00:00', '2030-01-02 04:00', 8) AS id \gset
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap.clean", "start_time": "2030-01-02 03:00", "end_time": "2030-01-02 08:00", "amount": 9}]') $$, :id));
SELECT * FROM swapped(ARRAY[:id], '[{"resource": "swap.clean", "start_time": "2030-01-02 03:00", "end_time": "2030-01-02 08:00", "amount": 9, "tryout": true}]');
SELECT during, occupied, amount, tryout, status FROM arbiter_reservation WHERE resource_id = id_of('swap.clean') ORDER BY during;

-- ordinary and try-out at once: the ordinary ones must leave the float, the others need not
SELECT arbiter_create_resource('swap.float', float_percent => 20) > 0;
SELECT arbiter_set_capacity('swap.float', '2030-01-01', '2031-01-01', 10);
SELECT * FROM swapped('{}', '[{"resource": "swap.float", "start_time": "2030-01-01", "end_time": "2030-01-02", "amount": 8},
	{"resource": "swap.float", "start_time": "2030-01-01", "end_time": "2030-01-02", "amount": 2, "tryout": true}]');
SELECT outcome($$ SELECT * FROM arbiter_swap('{}', '[{"resource": "swap.float", "start_time": "2030-01-03", "end_time": "2030-01-04", "amount": 9},
	{"resource": "swap.float", "start_time": "2030-01-03", "end_time": "2030-01-04", "amount": 1, "tryout": true}]') $$);
SELECT outcome($$ SELECT * FROM arbiter_swap('{}', '[{"resource": "swap.float", "start_time": "2030-01-03", "end_time": "2030-01-04", "amount": 8},
	{"resource": "swap.float", "start_time": "2030-01-03", "end_time": "2030-01-04", "amount": 3, "tryout": true}]') $$);
INSERT INTO arbiter_reservation (resource_id, during, amount, tryout)
VALUES (id_of('swap.float'), '[2030-01-03,2030-01-04)', 8, false), (id_of('swap.float'), '[2030-01-03,2030-01-04)', 2, true);
-- what a try-out gives back is not everybody's
SELECT reservation_id AS tryout FROM arbiter_reservation WHERE resource_id = id_of('swap.float') AND tryout AND during @> timestamptz '2030-01-01' \gset
SELECT outcome(format($$ SELECT * FROM arbiter_swap('{%s}', '[{"resource": "swap.float", "start_time": "2030-01-01", "end_time": "2030-01-02", "amount": 1}]') $$, :tryout));
SELECT * FROM swapped(ARRAY[:tryout], '[{"resource": "swap.float", "start_time": "2030-01-01", "end_time": "2030-01-02", "amount": 1, "tryout": true}]');
SELECT * FROM booked('swap.float');

--
-- triggers and constraints of users
--
CREATE TABLE swap_log (n serial, line text);
CREATE FUNCTION swap_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'ROW' THEN
		IF NEW.user_id = 'double' AND TG_WHEN = 'BEFORE' AND TG_OP = 'INSERT' THEN
			NEW.amount := NEW.amount * 2;
		ELSIF NEW.user_id = 'none' AND TG_WHEN = 'BEFORE' THEN
			RETURN NULL;
		END IF;
		INSERT INTO swap_log (line) VALUES (format('%s %s row: %s %s %s', TG_WHEN, TG_OP, NEW.amount, NEW.user_id, NEW.status));
	ELSIF TG_WHEN = 'AFTER' THEN
		INSERT INTO swap_log (line) SELECT format('%s %s statement: %s', TG_WHEN, TG_OP, string_agg(n.amount || ' ' || n.status, ', ' ORDER BY n.amount)) FROM new_rows n;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER swap_row BEFORE INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION swap_log();
CREATE TRIGGER swap_after_row AFTER INSERT OR UPDATE ON arbiter_reservation FOR EACH ROW EXECUTE FUNCTION swap_log();
CREATE TRIGGER swap_after_insert AFTER INSERT ON arbiter_reservation REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION swap_log();
CREATE TRIGGER swap_after_update AFTER UPDATE ON arbiter_reservation REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION swap_log();
SELECT array_agg(arbiter_reserve('swap', '2030-11-01', '2030-11-10', n, 'ann')) AS cluster FROM generate_series(2, 4) n \gset
TRUNCATE swap_log;
SELECT * FROM swapped(:'cluster', '[
	{"resource": "swap", "start_time": "2030-11-01", "end_time": "2030-11-10", "amount": 4, "user_id": "double"},
	{"resource": "swap", "start_time": "2030-11-02", "end_time": "2030-11-10", "amount": 2, "user_id": "bob"}]');
SELECT line FROM swap_log ORDER BY n;
SELECT array_agg(reservation_id) AS live FROM arbiter_reservation WHERE resource_id = id_of('swap') AND status = 'confirmed' AND during && '[2030-11-01,2030-11-02)' \gset
SELECT outcome(format($$ SELECT * FROM arbiter_swap(%L, '[{"resource": "swap", "start_time": "2030-11-01", "end_time": "2030-11-10", "amount": 6, "user_id": "double"}]') $$, :'live'));
SELECT outcome(format($$ SELECT * FROM arbiter_swap(%L, '[{"resource": "swap", "start_time": "2030-11-01", "end_time": "2030-11-10", "amount": 6, "user_id": "none"}]') $$, :'live'));
DROP TRIGGER swap_row ON arbiter_reservation;
DROP TRIGGER swap_after_row ON arbiter_reservation;
DROP TRIGGER swap_after_insert ON arbiter_reservation;
DROP TRIGGER swap_after_update ON arbiter_reservation;
DROP FUNCTION swap_log();
DROP TABLE swap_log;
-- first what goes: old and new may exclude each other
SELECT format($$ALTER TABLE arbiter_reservation ADD CONSTRAINT swap_room EXCLUDE USING gist (resource_id WITH =, during WITH &&)
WHERE (resource_id = %s AND status IN ('held', 'confirmed') AND attributes IS NULL AND during <@ '[2030-12-01,2030-12-31)'::tstzrange) $$, id_of('swap')) AS room \gset
:room;
SELECT arbiter_reserve('swap', '2030-12-01', '2030-12-10', 1) AS id \gset
SELECT outcome($$ SELECT arbiter_swap('{}', '[{"resource": "swap", "start_time": "2030-12-05", "end_time": "2030-12-12", "amount": 1}]') $$);
SELECT * FROM swapped(ARRAY[:id], '[{"resource": "swap", "start_time": "2030-12-05", "end_time": "2030-12-12", "amount": 1}]');
ALTER TABLE arbiter_reservation DROP CONSTRAINT swap_room;
SELECT * FROM arbiter_check();

--
-- read-only transactions, privileges
--
BEGIN READ ONLY;
SELECT outcome($$ SELECT * FROM arbiter_swap('{1}', '[]') $$);
COMMIT;
CREATE ROLE regress_arbiter_swap;
GRANT EXECUTE ON FUNCTION outcome(text, boolean) TO regress_arbiter_swap;
SET ROLE regress_arbiter_swap;
SELECT outcome($$ SELECT * FROM arbiter_swap('{1}', '[]') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_swap(bigint[], jsonb) TO regress_arbiter_swap;
SET ROLE regress_arbiter_swap;
SELECT count(*) FROM arbiter_swap(:'live', '[{"resource": "swap", "start_time": "2030-11-01", "end_time": "2030-11-10", "amount": 6}]');
RESET ROLE;
SELECT user_id FROM arbiter_reservation WHERE resource_id = id_of('swap') AND status = 'confirmed' AND amount = 6;
DROP OWNED BY regress_arbiter_swap;
DROP ROLE regress_arbiter_swap;
DROP FUNCTION swapped(bigint[], jsonb);
SELECT * FROM arbiter_check();
