-- Indexes of users: maintained, whatever their kind, on both tables.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('index') > 0;
SELECT arbiter_set_capacity('index', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('index', '2030-01-01', '2030-01-02', 1, 'old') > 0;

CREATE INDEX index_expression ON arbiter_reservation (upper(user_id), (amount * 2));
CREATE INDEX index_partial ON arbiter_reservation (amount) WHERE user_id LIKE 'big%';
CREATE INDEX index_hash ON arbiter_reservation USING hash (user_id);
CREATE INDEX index_gist ON arbiter_reservation USING gist (resource_id, during);
CREATE INDEX index_brin ON arbiter_reservation USING brin (created_at);
CREATE INDEX index_covering ON arbiter_reservation (user_id) INCLUDE (amount);
CREATE UNIQUE INDEX index_unique ON arbiter_reservation (lower(user_id), lower(during)) WHERE status = 'confirmed' AND user_id LIKE 'one%';
SELECT count(arbiter_reserve('index', timestamptz '2030-02-01' + n * interval '1 h', timestamptz '2030-02-01' + (n + 3) * interval '1 h', 1 + n % 3,
	CASE WHEN n % 5 = 0 THEN 'big' ELSE 'small' END || n % 7))
FROM generate_series(1, 200) n;
SELECT count(arbiter_cancel(reservation_id)) FROM arbiter_reservation WHERE resource_id = id_of('index') AND amount = 2 AND user_id LIKE 'big%';
SET enable_seqscan TO off;
SELECT count(*), sum(amount) FROM arbiter_reservation WHERE upper(user_id) = 'BIG3';
SELECT count(*), sum(amount) FROM arbiter_reservation WHERE amount > 1 AND user_id LIKE 'big%';
SELECT count(*) FROM arbiter_reservation WHERE user_id = 'small4';
SELECT count(*) FROM arbiter_reservation WHERE resource_id = id_of('index') AND during && '[2030-02-02,2030-02-03)';
RESET enable_seqscan;
SET enable_indexscan TO off;
SET enable_bitmapscan TO off;
SET enable_indexonlyscan TO off;
SELECT count(*), sum(amount) FROM arbiter_reservation WHERE upper(user_id) = 'BIG3';
SELECT count(*), sum(amount) FROM arbiter_reservation WHERE amount > 1 AND user_id LIKE 'big%';
SELECT count(*) FROM arbiter_reservation WHERE user_id = 'small4';
SELECT count(*) FROM arbiter_reservation WHERE resource_id = id_of('index') AND during && '[2030-02-02,2030-02-03)';
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;
-- a unique one refuses, and nothing is booked
SELECT arbiter_reserve('index', '2030-05-01', '2030-05-02', 1, 'one') > 0;
SELECT outcome($$ SELECT arbiter_reserve('index', '2030-05-01', '2030-05-03', 1, 'ONE') $$);
SELECT outcome($$ SELECT arbiter_reserve('index', '2030-05-01', '2030-05-03', 1, 'one') $$);
SELECT outcome($$ SELECT arbiter_try_reserve('index', '2030-05-01', '2030-05-03', 1, 'one') $$);
SELECT arbiter_available('index', '2030-05-01', '2030-05-03');
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE user_id = 'one';
SELECT arbiter_reserve('index', '2030-05-01', '2030-05-03', 1, 'one') > 0;
-- so does an exclusion constraint, and a deferred one at the end
ALTER TABLE arbiter_reservation ADD CONSTRAINT index_excl EXCLUDE USING gist (user_id WITH =, during WITH &&)
	WHERE (user_id = 'alone' AND status = 'confirmed') DEFERRABLE INITIALLY DEFERRED;
SELECT arbiter_reserve('index', '2030-06-01', '2030-06-03', 1, 'alone') > 0;
BEGIN;
SELECT arbiter_reserve('index', '2030-06-02', '2030-06-04', 1, 'alone') > 0;
COMMIT;
\echo :SQLSTATE
BEGIN;
SELECT arbiter_reserve('index', '2030-06-02', '2030-06-04', 1, 'alone') AS id \gset
SELECT arbiter_cancel(:id);
COMMIT;
SELECT * FROM booked('index') WHERE user_id = 'alone';
SELECT * FROM arbiter_check('index');
DROP INDEX index_expression, index_partial, index_hash, index_gist, index_brin, index_covering, index_unique;
ALTER TABLE arbiter_reservation DROP CONSTRAINT index_excl;

--
-- on the timeline
--
CREATE FUNCTION index_outcome() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	by_heap text;
	by_index text;
BEGIN
	-- the same rows by either road
	SET LOCAL enable_indexscan TO off;
	SET LOCAL enable_bitmapscan TO off;
	SET LOCAL enable_indexonlyscan TO off;
	SET LOCAL enable_seqscan TO on;
	SELECT string_agg(format('%s %s', t.ends, t.base + t.minimum), ' ' ORDER BY t.ends) INTO by_heap
	FROM arbiter_timeline t WHERE t.base + t.minimum <= 9 AND t.steps <> '{}' AND t.resource_id = id_of('index');
	SET LOCAL enable_indexscan TO on;
	SET LOCAL enable_bitmapscan TO on;
	SET LOCAL enable_seqscan TO off;
	SELECT string_agg(format('%s %s', t.ends, t.base + t.minimum), ' ' ORDER BY t.ends) INTO by_index
	FROM arbiter_timeline t WHERE t.base + t.minimum <= 9 AND t.steps <> '{}' AND t.resource_id = id_of('index');
	RETURN by_heap = by_index;
END $$;
CREATE INDEX index_timeline_expression ON arbiter_timeline ((base + minimum));
CREATE INDEX index_timeline_partial ON arbiter_timeline (cardinality(steps)) WHERE base + minimum <= 9;
CREATE INDEX index_timeline_plain ON arbiter_timeline (minimum);
SELECT outcome($$ SELECT count(arbiter_reserve('index', timestamptz '2030-07-01' + n * interval '1 h', timestamptz '2030-07-01' + (n + 3) * interval '1 h', 1 + n % 3))
FROM generate_series(1, 300) n $$);
SELECT index_outcome();
SELECT outcome($$ SELECT arbiter_reserve('index', '2030-03-01', '2030-12-01', 1) $$);
SELECT index_outcome();
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (id_of('index'), '[2030-07-01,2030-07-02)', 1) $$);
SELECT index_outcome();
SELECT outcome($$ SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE resource_id = id_of('index') AND status = 'confirmed' AND amount = 2 $$);
SELECT index_outcome();
SELECT * FROM arbiter_check('index');
DROP INDEX index_timeline_expression, index_timeline_partial, index_timeline_plain;
DROP FUNCTION index_outcome();
SELECT outcome($$ SELECT arbiter_reserve('index', '2030-03-01', '2030-12-01', 1) $$);
SELECT * FROM arbiter_check('index');

-- after REINDEX, CLUSTER, VACUUM FULL and ANALYZE in the middle of a session
REINDEX TABLE arbiter_timeline;
SELECT arbiter_reserve('index', '2030-12-01', '2030-12-02', 1) > 0;
CLUSTER arbiter_timeline USING arbiter_timeline_pkey;
SELECT arbiter_reserve('index', '2030-12-01', '2030-12-02', 1) > 0;
VACUUM FULL arbiter_timeline;
SELECT arbiter_reserve('index', '2030-12-01', '2030-12-02', 1) > 0;
VACUUM (FULL, ANALYZE) arbiter_reservation;
SELECT arbiter_reserve('index', '2030-12-01', '2030-12-02', 1) > 0;
SELECT arbiter_available('index', '2030-12-01', '2030-12-02');
SELECT * FROM arbiter_check('index');
