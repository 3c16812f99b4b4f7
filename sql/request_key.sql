-- request_key: the same call again gets the same answer.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

SELECT arbiter_create_resource('key') > 0;
SELECT arbiter_set_capacity('key', '2000-01-01', '2131-01-01', 10);

SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 4, 'ann', 'k1') AS id \gset
SELECT request_key, request_fingerprint IS NOT NULL FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 4, 'ann', 'k1') = :id;
SELECT granted, reservation_id = :id, reason FROM arbiter_try_reserve('key', '2030-01-01', '2030-01-02', 4, 'ann', 'k1');
SELECT arbiter_available('key', '2030-01-01', '2030-01-02');
-- also when there is no room any more
SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 6, 'bob', 'k1') AS other \gset
SELECT :other <> :id;
SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 4, 'ann', 'k1') = :id;
SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 6, 'bob', 'k1') = :other;
SELECT arbiter_available('key', '2030-01-01', '2030-01-02');

-- RV013: anything different under the same key
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 5, 'ann', 'k1') $$);
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-01-01', '2030-01-03', 4, 'ann', 'k1') $$);
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-01-01 00:00:01', '2030-01-02', 4, 'ann', 'k1') $$);
SELECT outcome($$ SELECT arbiter_try_reserve('key', '2030-01-01', '2030-01-02', 5, 'ann', 'k1') $$);
SELECT outcome($$ SELECT arbiter_reserve(NULL, 99999999999, 4, 'ann', 'key', 'k1') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"key": 3}', '2030-01-01', '2030-01-02', 'ann', 'k1') $$);
SELECT arbiter_create_resource('key.other') > 0;
SELECT arbiter_set_capacity('key.other', '2030-01-01', '2031-01-01', 10);
SELECT outcome($$ SELECT arbiter_reserve('key.other', '2030-01-01', '2030-01-02', 4, 'ann', 'k1') $$);
-- before RV002 and RV001
SELECT outcome($$ SELECT arbiter_reserve('key', '2130-01-01', '2140-01-01', 4, 'ann', 'k1') $$);
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 400, 'ann', 'k1') $$);
-- not a denial
SELECT count(*) FROM arbiter_denial WHERE resource_id IN (id_of('key'), id_of('key.other'));

-- the same instants in another form are the same request
SELECT arbiter_reserve(1893456000, 1893542400, 4, 'ann', 'key', 'k1') = :id;
SELECT arbiter_reserve('key', timestamptz '2030-01-01', timestamptz '2030-01-02', 4, 'ann', 'k1') = :id;
SELECT arbiter_reserve('key', '2030-01-01 01:00+01', '2030-01-02', 4, 'ann', 'k1') = :id;

-- NULL is no key
SELECT arbiter_reserve('key', '2030-02-01', '2030-02-02', 1, 'ann', NULL) <> arbiter_reserve('key', '2030-02-01', '2030-02-02', 1, 'ann', NULL);

-- the arguments as they were given: NULL stays NULL, whatever the clock says
SELECT arbiter_create_resource('key.long') > 0;
SELECT arbiter_set_capacity('key.long', '2000-01-01', '2131-01-01', 10);
SELECT arbiter_reserve('key.long', NULL, '2130-01-01', 1, 'ann', 'k2') AS id2 \gset
SELECT pg_sleep(0.01);
SELECT arbiter_reserve('key.long', NULL, '2130-01-01', 1, 'ann', 'k2') = :id2;
SELECT count(*) FROM booked('key.long');

-- a cancelled first reservation is still the answer
SELECT arbiter_cancel(:id);
SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 4, 'ann', 'k1') = :id;
SELECT arbiter_available('key', '2030-01-01', '2030-01-02');

-- a refusal is not remembered
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-01-01', '2030-01-02', 5, 'ann', 'k3') $$);
SELECT granted, reason FROM arbiter_try_reserve('key', '2030-01-01', '2030-01-02', 5, 'ann', 'k3');
SELECT arbiter_cancel(:other);
SELECT granted, reason FROM arbiter_try_reserve('key', '2030-01-01', '2030-01-02', 5, 'ann', 'k3');
-- nor is what was rolled back
BEGIN;
SELECT arbiter_reserve('key', '2030-03-01', '2030-03-02', 5, 'ann', 'k4') > 0;
ROLLBACK;
SELECT arbiter_reserve('key', '2030-03-01', '2030-03-02', 6, 'ann', 'k4') > 0;

-- several resources under one key
SELECT arbiter_reserve_all('{"key": 1, "key.other": 2}', '2030-04-01', '2030-04-02', 'ann', 'k5') AS id \gset
SELECT part, amount, request_key FROM arbiter_reservation WHERE reservation_id = :id ORDER BY amount;
SELECT arbiter_reserve_all('{"key.other": 2, "key": 1}', '2030-04-01', '2030-04-02', 'ann', 'k5') = :id;
SELECT granted, reservation_id = :id FROM arbiter_try_reserve_all('{"key": 1, "key.other": 2}', '2030-04-01', '2030-04-02', 'ann', 'k5');
SELECT outcome($$ SELECT arbiter_reserve_all('{"key": 1, "key.other": 3}', '2030-04-01', '2030-04-02', 'ann', 'k5') $$);
SELECT outcome($$ SELECT arbiter_reserve_all('{"key": 1}', '2030-04-01', '2030-04-02', 'ann', 'k5') $$);
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-04-01', '2030-04-02', 1, 'ann', 'k5') $$);
SELECT arbiter_available('key', '2030-04-01', '2030-04-02'), arbiter_available('key.other', '2030-04-01', '2030-04-02');

-- a raw row with a key is held to the same uniqueness
SELECT outcome($$ INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, request_key)
	VALUES (id_of('key'), '[2030-05-01,2030-05-02)', 1, 'ann', 'k1') $$);
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, request_key) VALUES (id_of('key'), '[2030-05-01,2030-05-02)', 1, 'ann', 'raw');
UPDATE arbiter_reservation SET amount = 2 WHERE user_id = 'ann' AND request_key = 'raw' AND resource_id = id_of('key');
SELECT outcome($$ UPDATE arbiter_reservation SET request_key = 'k1' WHERE user_id = 'ann' AND request_key = 'raw' AND resource_id = id_of('key') $$);
UPDATE arbiter_reservation SET request_key = 'raw 2' WHERE user_id = 'ann' AND request_key = 'raw' AND resource_id = id_of('key');
-- with what arguments such a row was made nobody knows
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-05-01', '2030-05-02', 2, 'ann', 'raw 2') $$);
SELECT arbiter_available('key', '2030-05-01', '2030-05-02');
SELECT arbiter_reserve('key', '2030-05-01', '2030-05-02', 2, 'ann', 'raw') > 0;
SELECT outcome($$ SELECT arbiter_reserve('key', '2030-05-01', '2030-05-02', 2, 'ann', repeat('k', 10000)) $$);
-- within one transaction, and twice in one statement
BEGIN;
SELECT count(DISTINCT arbiter_reserve('key', '2030-06-01', '2030-06-02', 5, 'ann', 'k6')) FROM generate_series(1, 5);
SELECT arbiter_available('key', '2030-06-01', '2030-06-02');
COMMIT;
-- any text will do
SELECT arbiter_reserve('key', '2030-07-01', '2030-07-02', 1, 'ann', '') = arbiter_reserve('key', '2030-07-01', '2030-07-02', 1, 'ann', '');
SELECT arbiter_reserve('key', '2030-07-01', '2030-07-02', 1, 'ann', 'Ü ''"\') = arbiter_reserve('key', '2030-07-01', '2030-07-02', 1, 'ann', 'Ü ''"\');
SELECT arbiter_available('key', '2030-07-01', '2030-07-02');
SELECT * FROM arbiter_check();
