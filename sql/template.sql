-- Templates: named bundles in versions, bookings by them, and how many fit.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(denial_id), 0) AS before FROM arbiter_denial \gset

SELECT arbiter_create_resource('tpl.node-1.cores', resource_type => 'tpl.cores') > 0;
SELECT arbiter_create_resource('tpl.node-1.memory', resource_type => 'tpl.memory') > 0;
SELECT arbiter_create_resource('tpl.licence') > 0;
SELECT arbiter_set_capacity(name, '2030-01-01', '2030-02-01', amount)
FROM (VALUES ('tpl.node-1.cores', 5), ('tpl.node-1.memory', 6), ('tpl.licence', 100)) v (name, amount);

-- define: an equal definition changes nothing, another one is a new version
SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 1, "tpl.memory": 1}') AS tiny \gset
SELECT arbiter_set_template('tpl.tiny', '{"tpl.memory": 1.0, "tpl.cores": 1}') = :tiny;
SELECT arbiter_set_template('tpl.tiny', '[{"resource_type": "tpl.memory", "amount": 1}, {"amount": 1, "resource_type": "tpl.cores"}]') = :tiny;
SELECT arbiter_set_template('tpl.small', '{"tpl.cores": 2, "tpl.memory": 2}') <> :tiny;
SELECT arbiter_set_template('tpl.named', '{"tpl.cores": 1, "tpl.licence": 3}') > 0;
SELECT arbiter_set_template('tpl.named', '[{"resource_type": "tpl.cores", "amount": 1}, {"resource": "tpl.licence", "amount": 4}]') > 0;
SELECT t.name, t.version, i.item, r.name, i.resource_type, i.amount
FROM arbiter_template t JOIN arbiter_template_item i USING (template_id)
LEFT JOIN arbiter_resource r USING (resource_id)
WHERE t.name LIKE 'tpl.%' ORDER BY t.name, t.version, i.item;
SELECT name, version, resources, resource_types, created_at <= clock_timestamp()
FROM arbiter_current_template WHERE name LIKE 'tpl.%' ORDER BY name;

-- what fits: five tiny or two small in 5 cores and 6 memory
SELECT arbiter_fits('tpl.tiny', '2030-01-02', '2030-01-03'), arbiter_fits('tpl.small', '2030-01-02', '2030-01-03');
SELECT arbiter_fits_all('{"tpl.cores": 1, "tpl.memory": 1}', '2030-01-02', '2030-01-03'),
	arbiter_fits_all('{"tpl.cores": 2, "tpl.memory": 2}', '2030-01-02', '2030-01-03'),
	arbiter_fits_all('{"tpl.licence": 33}', '2030-01-02', '2030-01-03'),
	arbiter_fits_all('{"tpl.licence": 101}', '2030-01-02', '2030-01-03');
-- outside the schedule, in part or in whole
SELECT arbiter_fits('tpl.tiny', '2030-01-31', '2030-02-02'), arbiter_fits('tpl.tiny', '2040-01-01', 'infinity');

-- reserve: one id, a part for each resource, the template in each row
SELECT arbiter_reserve_template('tpl.small', 2, '2030-01-02', '2030-01-03', 'ann') AS id \gset
SELECT r.name, v.part, v.during, v.amount, v.user_id, v.status, t.name, t.version, v.template_count
FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) JOIN arbiter_template t USING (template_id)
WHERE reservation_id = :id ORDER BY part;
SELECT resources, template_id = (SELECT template_id FROM arbiter_current_template WHERE name = 'tpl.small'), template_count
FROM arbiter_booking WHERE reservation_id = :id;
SELECT arbiter_fits('tpl.tiny', '2030-01-02', '2030-01-03'), arbiter_fits('tpl.small', '2030-01-02', '2030-01-03'),
	arbiter_fits('tpl.small', '2030-01-01 12:00', '2030-01-02'), arbiter_fits('tpl.small', '2030-01-01 12:00', '2030-01-02 00:00:01');
-- others have none
SELECT arbiter_reserve('tpl.licence', '2030-01-10', '2030-01-11', 1) AS plain \gset
SELECT template_id, template_count FROM arbiter_reservation WHERE reservation_id = :plain;
SELECT arbiter_cancel(:plain);
-- refused: nothing at all, and the largest count that would fit
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.tiny', 2, '2030-01-02', '2030-01-03') $$);
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.small', 3, '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-31', '2030-02-02') $$);
SELECT arbiter_available('tpl.node-1.cores', '2030-01-05', '2030-01-06'), arbiter_available('tpl.node-1.memory', '2030-01-05', '2030-01-06');
-- the try form, and its denial
\pset tuples_only off
\pset expanded on
SELECT granted, reservation_id > 0 AS reserved, reason FROM arbiter_try_reserve_template('tpl.tiny', 1, '2030-01-02', '2030-01-03');
SELECT * FROM arbiter_try_reserve_template('tpl.small', 3, '2030-01-05', '2030-01-06', 'bob');
SELECT * FROM arbiter_try_reserve_template('tpl.tiny', 1, '2030-01-31', '2030-02-02', 'bob');
SELECT r.name, d.during, d.amount, d.user_id, d.reason, d.available, d.largest_amount, d.requirements, t.name AS template, d.template_count
FROM arbiter_denial d JOIN arbiter_resource r USING (resource_id) JOIN arbiter_template t USING (template_id)
WHERE denial_id > :before ORDER BY denial_id;
\pset expanded off
\pset tuples_only on

-- a new version: what is booked keeps the version it was booked with
SELECT arbiter_set_template('tpl.small', '{"tpl.cores": 2, "tpl.memory": 3}') > 0;
SELECT arbiter_reserve_template('tpl.small', 1, '2030-01-20', '2030-01-21', 'ann') AS id2 \gset
SELECT t.version, v.template_count, array_agg(v.amount ORDER BY v.part)
FROM arbiter_reservation v JOIN arbiter_template t USING (template_id)
WHERE reservation_id IN (:id, :id2) GROUP BY 1, 2 ORDER BY 1;
SELECT version, resource_types FROM arbiter_current_template WHERE name = 'tpl.small';
SELECT arbiter_fits('tpl.small', '2030-01-05', '2030-01-06');
-- back to the first definition is a third version
SELECT arbiter_set_template('tpl.small', '{"tpl.cores": 2, "tpl.memory": 2}') > 0;
SELECT max(version) FROM arbiter_template WHERE name = 'tpl.small';

-- retired: no new bookings, history stays, and it can be defined anew
SELECT arbiter_drop_template('tpl.small');
SELECT arbiter_drop_template('tpl.small');
SELECT version, retired_at <= clock_timestamp() FROM arbiter_template WHERE name = 'tpl.small' ORDER BY version;
SELECT count(*) FROM arbiter_current_template WHERE name = 'tpl.small';
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.small', 1, '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_try_reserve_template('tpl.small', 1, '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_fits('tpl.small', '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_fits_calendar('tpl.small', '2030-01-05', '2030-01-06', '1 h') $$);
SELECT count(*) FROM arbiter_reservation WHERE reservation_id = :id;
SELECT arbiter_set_template('tpl.small', '{"tpl.cores": 2, "tpl.memory": 2}') > 0;
SELECT version FROM arbiter_current_template WHERE name = 'tpl.small';
SELECT arbiter_fits('tpl.small', '2030-01-05', '2030-01-06');

-- versions are never changed by plain SQL either
SELECT outcome($$ UPDATE arbiter_template_item SET amount = 7 WHERE resource_type = 'tpl.cores' $$);
SELECT outcome($$ DELETE FROM arbiter_template_item WHERE resource_type = 'tpl.cores' $$);
SELECT outcome($$ INSERT INTO arbiter_template_item SELECT template_id, 99, NULL, 'tpl.cores', 1 FROM arbiter_template WHERE name = 'tpl.small' $$);
SELECT outcome($$ INSERT INTO arbiter_template (name, version) VALUES ('tpl.raw', 1) $$);
SELECT outcome($$ UPDATE arbiter_template SET name = 'tpl.other' WHERE name = 'tpl.small' $$);
SELECT outcome($$ UPDATE arbiter_template SET version = version + 1 WHERE name = 'tpl.small' $$);
SELECT outcome($$ UPDATE arbiter_template SET created_at = now() WHERE name = 'tpl.small' $$);
SELECT outcome($$ UPDATE arbiter_template SET template_id = template_id + 1000 WHERE name = 'tpl.small' $$);
SELECT outcome($$ DELETE FROM arbiter_template WHERE name = 'tpl.named' $$);
SELECT outcome($$ TRUNCATE arbiter_template $$);
SELECT outcome($$ TRUNCATE arbiter_template_item $$);
SELECT outcome($$ INSERT INTO arbiter_template (name, version) VALUES ('tpl.small', 1)
	ON CONFLICT (name, version) DO UPDATE SET name = 'tpl.raw' $$);
SELECT outcome($$ MERGE INTO arbiter_template_item i USING (VALUES ('tpl.cores')) v (type) ON i.resource_type = v.type WHEN MATCHED THEN DELETE $$);
-- a statement that finds no row changes nothing
SELECT outcome($$ DELETE FROM arbiter_template WHERE name = 'tpl.none' $$);
-- when it was retired is no part of the definition
SELECT outcome($$ UPDATE arbiter_template SET retired_at = '2030-01-01' WHERE name = 'tpl.named' $$);
SELECT outcome($$ SELECT arbiter_fits('tpl.named', '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ UPDATE arbiter_template SET retired_at = NULL WHERE name = 'tpl.named' $$);
SELECT arbiter_fits('tpl.named', '2030-01-05', '2030-01-06');
-- COPY, as a restore does, adds rows; the constraints hold
SELECT setval('arbiter_template_template_id_seq', greatest(nextval('arbiter_template_template_id_seq'), 1000000)) > 0;
COPY arbiter_template_item FROM stdin;
999999	2	\N	tpl.memory	2
999999	1	\N	tpl.cores	1
\.
COPY arbiter_template FROM stdin;
999998	tpl.empty	1	2030-01-01	\N
999999	tpl.copied	3	2030-01-01	\N
\.
SELECT arbiter_fits('tpl.copied', '2030-01-05', '2030-01-06');
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.empty', 1, '2030-01-05', '2030-01-06') $$);
-- all of a version's items come at once
COPY arbiter_template_item FROM stdin;
999999	3	\N	tpl.memory	1
\.
COPY arbiter_template_item FROM stdin;
\N	3	\N	tpl.memory	1
\.
SELECT arbiter_set_template('tpl.copied', '{"tpl.memory": 2, "tpl.cores": 1}');
SELECT arbiter_set_template('tpl.empty', '{"tpl.cores": 1}') > 0;
SELECT version, resource_types FROM arbiter_current_template WHERE name = 'tpl.empty';
\set VERBOSITY terse
COPY arbiter_template_item FROM stdin;
999997	1	1	tpl.cores	1
\.
COPY arbiter_template_item FROM stdin;
999997	1	\N	\N	1
\.
COPY arbiter_template_item FROM stdin;
999997	1	\N	tpl.cores	0
\.
COPY arbiter_template FROM stdin;
999997	tpl.copied	3	2030-01-01	\N
\.
\set VERBOSITY default
-- all of it may be truncated while no reservation is of a template
BEGIN;
TRUNCATE arbiter_reservation, arbiter_template, arbiter_template_item;
SELECT count(*) FROM arbiter_current_template;
ROLLBACK;

-- what requirements must be
SELECT requirements, outcome(format('SELECT arbiter_set_template(''tpl.bad'', %L)', requirements)) FROM unnest(ARRAY[
	'{}', '[]', '4', '"tpl.cores"', 'null', 'true', '[4]', '[["tpl.cores", 4]]', '[null]', '[[]]', '[{}]',
	'{"tpl.cores": 0}', '{"tpl.cores": -1}', '{"tpl.cores": 1.5}', '{"tpl.cores": 1e30}', '{"tpl.cores": "4"}',
	'{"tpl.cores": null}', '{"tpl.cores": [1]}', '{"tpl.cores": {"amount": 1}}', '{"": 1}', '{"tpl.none": 1}',
	'{"tpl.cores": 1, "tpl.none": 1}',
	'[{"resource": "tpl.cores", "amount": 1}]', '[{"resource_type": "tpl.licence", "amount": 1}]',
	'[{"resource": "tpl.licence", "resource_type": "tpl.cores", "amount": 1}]', '[{"resource": "tpl.licence"}]',
	'[{"amount": 1}]', '[{"resource": 7, "amount": 1}]', '[{"resource": null, "amount": 1}]',
	'[{"resource": "tpl.licence", "amount": "1"}]', '[{"resource": "tpl.licence", "amount": 0}]',
	'[{"resource": "tpl.licence", "amount": 1, "unit": 1}]',
	'[{"resource": "tpl.licence", "amount": 1}, {"resource": "tpl.licence", "amount": 2}]',
	'[{"resource_type": "tpl.cores", "amount": 1}, {"resource_type": "tpl.cores", "amount": 1}]']) requirements;
SELECT outcome($$ SELECT arbiter_set_template('tpl.bad', '{"tpl.cores": 1') $$);
SELECT outcome($$ SELECT arbiter_set_template('', '{"tpl.cores": 1}') $$);
SELECT outcome($$ SELECT arbiter_set_template(NULL, '{"tpl.cores": 1}') $$);
SELECT outcome($$ SELECT arbiter_set_template('tpl.bad', NULL) $$);
SELECT outcome($$ SELECT arbiter_drop_template('tpl.bad') $$);
SELECT outcome($$ SELECT arbiter_drop_template(NULL) $$);
SELECT count(*) FROM arbiter_template WHERE name = 'tpl.bad';
SELECT outcome($$ SELECT arbiter_fits_all('{"tpl.none": 1}', '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_fits_calendar_all('[]', '2030-01-05', '2030-01-06', '1 h') $$);

-- what else is wrong with a call
SELECT outcome(call) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve_template('tpl.none', 1, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('', 1, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template(NULL, 1, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', NULL, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-05', NULL) $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-05', '2030-01-06', NULL) $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-05', '2030-01-06', tryout => NULL) $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 0, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', -1, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-06', '2030-01-05') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '-infinity', '2030-01-05') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-05', 'infinity') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 9223372036854775807, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_reserve_template('tpl.small', 9223372036854775807, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_try_reserve_template('tpl.small', 4611686018427387904, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_try_reserve_template('tpl.none', 1, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_fits('tpl.none', '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_fits(NULL, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_fits('tpl.tiny', NULL, '2030-01-06') $$,
	$$ SELECT arbiter_fits('tpl.tiny', '2030-01-05', NULL) $$,
	$$ SELECT arbiter_fits('tpl.tiny', '2030-01-06', '2030-01-05') $$,
	$$ SELECT arbiter_fits_all(NULL, '2030-01-05', '2030-01-06') $$,
	$$ SELECT arbiter_fits_calendar('tpl.none', '2030-01-05', '2030-01-06', '1 h') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', 'infinity', '1 h') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2030-01-05', '1 h') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2030-01-06', '0') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2030-01-06', NULL) $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2030-01-06', '1 h', 'Mars') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2030-01-06', '1 h', NULL) $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-05', '2050-01-06', '1 us') $$]) call;

-- a resource type: the only resource of it, or the one that is named
SELECT arbiter_create_resource('tpl.node-2.cores', resource_type => 'tpl.cores') > 0;
SELECT arbiter_set_capacity('tpl.node-2.cores', '2030-01-01', '2030-02-01', 3);
SELECT outcome(call) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08') $$,
	$$ SELECT arbiter_fits('tpl.tiny', '2030-01-07', '2030-01-08') $$,
	$$ SELECT arbiter_fits_all('{"tpl.cores": 1}', '2030-01-07', '2030-01-08') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": "tpl.none"}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": "tpl.licence"}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": "tpl.node-1.memory"}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.core": "tpl.node-1.cores"}') $$,
	$$ SELECT arbiter_fits_all('{"tpl.cores": 1}', '2030-01-07', '2030-01-08', '{"tpl.memory": "tpl.node-1.memory"}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": 7}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": null}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": ["tpl.node-1.cores"]}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '["tpl.node-1.cores"]') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '"tpl.node-1.cores"') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08', resources => '{}') $$]) call;
SELECT arbiter_fits('tpl.tiny', '2030-01-07', '2030-01-08', '{"tpl.cores": "tpl.node-1.cores"}'),
	arbiter_fits('tpl.tiny', '2030-01-07', '2030-01-08', '{"tpl.cores": "tpl.node-2.cores"}'),
	arbiter_fits('tpl.tiny', '2030-01-07', '2030-01-08', '{"tpl.cores": "tpl.node-2.cores", "tpl.memory": "tpl.node-1.memory"}');
SELECT arbiter_reserve_template('tpl.tiny', 2, '2030-01-07', '2030-01-08', resources => '{"tpl.cores": "tpl.node-2.cores"}') AS id \gset
SELECT r.name, v.amount FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) WHERE reservation_id = :id ORDER BY 1;
-- a resource type that only one has again, and one that nobody has any more
SELECT arbiter_alter_resource('tpl.node-2.cores', clear => '{resource_type}');
SELECT arbiter_fits('tpl.tiny', '2030-01-07', '2030-01-08');
SELECT arbiter_alter_resource('tpl.node-1.cores', clear => '{resource_type}');
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-07', '2030-01-08') $$);
SELECT arbiter_alter_resource('tpl.node-1.cores', resource_type => 'tpl.cores');
-- a resource renamed stays the same one
SELECT arbiter_alter_resource('tpl.licence', new_name => 'tpl.licences');
SELECT resources, resource_types FROM arbiter_current_template WHERE name = 'tpl.named';
SELECT arbiter_fits('tpl.named', '2030-01-05', '2030-01-06');
-- a name that is a resource's and a type's
SELECT arbiter_create_resource('tpl.cores') > 0;
SELECT arbiter_set_capacity('tpl.cores', '2030-01-01', '2030-02-01', 50);
SELECT outcome($$ SELECT arbiter_set_template('tpl.both', '{"tpl.cores": 1}') $$);
SELECT arbiter_set_template('tpl.both', '[{"resource": "tpl.cores", "amount": 7}, {"resource_type": "tpl.cores", "amount": 1}]') > 0;
SELECT resources, resource_types FROM arbiter_current_template WHERE name = 'tpl.both';
SELECT arbiter_fits('tpl.both', '2030-01-05', '2030-01-06');
-- two items that are one resource add up
SELECT arbiter_alter_resource('tpl.node-1.cores', clear => '{resource_type}');
SELECT arbiter_alter_resource('tpl.cores', resource_type => 'tpl.cores');
SELECT arbiter_fits('tpl.both', '2030-01-05', '2030-01-06');
SELECT arbiter_reserve_template('tpl.both', 5, '2030-01-05', '2030-01-06') AS id \gset
SELECT part, amount, template_count FROM arbiter_reservation WHERE reservation_id = :id;
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.both', 2, '2030-01-05', '2030-01-06') $$);
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.both', 1152921504606846976, '2030-01-05', '2030-01-06') $$);
SELECT arbiter_cancel(:id);
-- a resource that was dropped
SELECT arbiter_drop_resource('tpl.cores', force => true);
SELECT regexp_replace(o, '#?\d+', '<id>', 'g') FROM outcome($$ SELECT arbiter_reserve_template('tpl.both', 1, '2030-01-05', '2030-01-06') $$) o;
SELECT regexp_replace(resources::text, '#\d+', '#<id>') FROM arbiter_current_template WHERE name = 'tpl.both';
SELECT arbiter_alter_resource('tpl.node-1.cores', resource_type => 'tpl.cores');

-- request keys: the answer of the arguments as given, whatever became of the template
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') AS id \gset
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') = :id;
SELECT reservation_id = :id FROM arbiter_try_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1');
SELECT outcome(call) FROM unnest(ARRAY[
	$$ SELECT arbiter_reserve_template('tpl.tiny', 2, '2030-01-12', '2030-01-13', 'key', 'tpl.1') $$,
	$$ SELECT arbiter_reserve_template('tpl.small', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-14', 'key', 'tpl.1') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1', resources => '{}') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1', tryout => true) $$,
	$$ SELECT arbiter_reserve_all('{"tpl.node-1.cores": 1, "tpl.node-1.memory": 1}', '2030-01-12', '2030-01-13', 'key', 'tpl.1') $$]) call;
SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 1, "tpl.memory": 2}') > 0;
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') = :id;
SELECT arbiter_drop_template('tpl.tiny');
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') = :id;
SELECT arbiter_cancel(:id);
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13', 'key', 'tpl.1') = :id;
SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 1, "tpl.memory": 1}') > 0;

-- options of every resource hold; a NULL start is one for all
SELECT arbiter_alter_resource('tpl.node-1.memory', granularity => '1 h');
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12 00:30', '2030-01-12 01:00') $$);
SELECT arbiter_alter_resource('tpl.node-1.memory', min_lead => '100 years');
SELECT granted, reason, limiting_resource FROM arbiter_try_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13');
SELECT arbiter_alter_resource('tpl.node-1.memory', clear => '{min_lead}');
BEGIN;
SELECT arbiter_set_capacity('tpl.node-1.cores', '2000-01-01', 'infinity', 5), arbiter_set_capacity('tpl.node-1.memory', '2000-01-01', 'infinity', 6);
SELECT arbiter_reserve_template('tpl.tiny', 1, NULL, date_trunc('day', now()) + interval '2 days') AS id \gset
SELECT count(DISTINCT during), min(lower(during)) = date_trunc('hour', min(lower(during))) FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
SELECT arbiter_alter_resource('tpl.node-1.memory', clear => '{granularity}');

-- what changes do with a reservation of a template: its amounts, not its count
SELECT arbiter_reserve_template('tpl.tiny', 2, '2030-01-14', '2030-01-15') AS id \gset
SELECT outcome(format('SELECT arbiter_resize(%s, 3)', :id));
SELECT arbiter_resize(:id, 3, 'tpl.node-1.memory');
SELECT arbiter_extend(:id, '2030-01-15 12:00');
SELECT arbiter_move(:id, '2030-01-14 06:00');
SELECT r.name, v.during, v.amount, v.template_count FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
WHERE reservation_id = :id ORDER BY 1;
-- also on another resource
SELECT arbiter_create_resource('tpl.spare') > 0;
SELECT arbiter_set_capacity('tpl.spare', '2030-01-01', '2030-02-01', 10);
SELECT moved FROM arbiter_evacuate('tpl.node-1.memory', 'tpl.spare', '2030-01-14', '2030-01-16');
SELECT arbiter_transfer(:id, 'somebody else');
SELECT r.name, v.amount, t.name, v.template_count FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
JOIN arbiter_template t USING (template_id) WHERE reservation_id = :id ORDER BY 1;
SELECT arbiter_cancel(:id);

-- buckets: what fits in each of them, float, setup and cleanup time included
SELECT arbiter_create_resource('tpl.hall', float_percent => 20, setup_time => '1 h', cleanup_time => '2 h') > 0;
SELECT arbiter_set_capacity('tpl.hall', '2030-01-01 12:00', '2030-01-02 12:00', 10);
SELECT arbiter_reserve('tpl.hall', '2030-01-01 20:00', '2030-01-01 21:00', 5) > 0;
SELECT bucket_start, bucket_end, fits FROM arbiter_fits_calendar_all('{"tpl.hall": 2}', '2030-01-01 10:00', '2030-01-02 13:30', '2 h');
SELECT bucket_start, bucket_end, fits FROM arbiter_fits_calendar('tpl.tiny', '2030-01-01', '2030-01-04', '1 day', 'Europe/London');
-- a float is for those who try out
SELECT arbiter_set_template('tpl.stage', '{"tpl.hall": 1}') > 0;
SELECT arbiter_fits('tpl.stage', '2030-01-02 02:00', '2030-01-02 03:00');
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.stage', 9, '2030-01-02 02:00', '2030-01-02 03:00') $$);
SELECT arbiter_reserve_template('tpl.stage', 9, '2030-01-02 02:00', '2030-01-02 03:00', tryout => true) > 0;
SELECT outcome($$ SELECT arbiter_reserve_template('tpl.stage', 2, '2030-01-02 02:00', '2030-01-02 03:00', tryout => true) $$);
SELECT arbiter_fits('tpl.stage', '2030-01-02 02:00', '2030-01-02 03:00');

-- a chunk that ends with a bucket, but reaches into the setup time of the next one:
-- what is taken early in it does not count there
SELECT arbiter_create_resource('tpl.setup', setup_time => '1 h') > 0;
SELECT arbiter_set_capacity('tpl.setup', '2030-01-01', '2031-01-01', 10);
SELECT arbiter_reserve('tpl.setup', '2030-06-01', '2030-09-01', 1) > 0;
SELECT arbiter_reserve('tpl.setup', '2030-07-01', '2030-07-02', 3) > 0;
SELECT lower(during) AS starts, ends FROM arbiter_timeline
WHERE resource_id = id_of('tpl.setup') AND during @> timestamptz '2030-07-01' AND ends < '2030-08-01' \gset
SELECT c.fits, arbiter_fits_all('{"tpl.setup": 1}', c.bucket_start, c.bucket_end) AS one_by_one,
	c.bucket_end = :'ends' AS ends_with_chunk
FROM arbiter_fits_calendar_all('{"tpl.setup": 1}', :'starts', timestamptz :'ends' + (timestamptz :'ends' - :'starts'),
	timestamptz :'ends' - :'starts', 'UTC') c;

-- at the ends of time
SELECT fits FROM arbiter_fits_calendar_all('{"tpl.hall": 1}', '4714-11-24 00:00:00+00 BC', '4714-11-24 03:00:00+00 BC', '1 h');
SELECT fits FROM arbiter_fits_calendar_all('{"tpl.hall": 1}', '294276-12-31 20:00:00+00', '294276-12-31 23:59:59+00', '1 h');

-- reserve until it is full, and compare with what the rows say
CREATE FUNCTION template_fits(needs jsonb, start_time timestamptz, end_time timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT min(greatest(floor(least.available / n.amount), 0))::bigint
	FROM (SELECT key AS name, value::bigint AS amount FROM jsonb_each_text(needs)) n
	JOIN arbiter_resource r USING (name)
	CROSS JOIN LATERAL (SELECT min(s.available) AS available
		FROM naive_steps(r.name, start_time - coalesce(r.setup_time, '0'), end_time + coalesce(r.cleanup_time, '0'), coalesce(r.float_percent, 0)) s) least
$$;
SELECT arbiter_create_resource('tpl.r' || i, resource_type => 'tpl.type' || i, float_percent => CASE i WHEN 2 THEN 12.5 END,
	setup_time => CASE i WHEN 3 THEN interval '40 min' END, cleanup_time => CASE i WHEN 3 THEN interval '95 min' END) > 0
FROM generate_series(1, 4) i;
SELECT arbiter_set_capacity('tpl.r' || i, '2030-03-01', '2030-03-11', 15 + 5 * i) FROM generate_series(1, 4) i;
SELECT arbiter_add_capacity('tpl.r' || i, '2030-03-04', '2030-03-06', 3 * i) FROM generate_series(1, 4) i;
SELECT arbiter_set_template('tpl.random', '{"tpl.type1": 2, "tpl.type2": 3, "tpl.r3": 1, "tpl.r4": 5}') > 0;
SELECT arbiter_set_template('tpl.other', '{"tpl.r1": 1, "tpl.type3": 4}') > 0;
DO $$
DECLARE
	needs jsonb;
	name text;
	start_time timestamptz;
	end_time timestamptz;
	expected bigint;
	wanted bigint;
	answer record;
	wrong bigint := 0;
	granted bigint := 0;
	refused bigint := 0;
BEGIN
	PERFORM setseed(0.4);
	FOR i IN 1 .. 400 LOOP
		name := CASE WHEN random() < 0.7 THEN 'tpl.random' ELSE 'tpl.other' END;
		needs := CASE name WHEN 'tpl.random' THEN '{"tpl.r1": 2, "tpl.r2": 3, "tpl.r3": 1, "tpl.r4": 5}'
			ELSE '{"tpl.r1": 1, "tpl.r3": 4}' END;
		start_time := timestamptz '2030-03-01' + floor(random() * 900) * interval '15 min';
		end_time := start_time + (1 + floor(random() * 60)) * interval '15 min';
		expected := template_fits(needs, start_time, end_time);
		IF arbiter_fits(name, start_time, end_time) <> expected OR
			arbiter_fits_all(needs, start_time, end_time) <> expected THEN
			wrong := wrong + 1;
			RAISE WARNING '% from % to % fits %, not %', name, start_time, end_time, arbiter_fits(name, start_time, end_time), expected;
		END IF;
		wanted := 1 + floor(random() * 4);
		SELECT * INTO answer FROM arbiter_try_reserve_template(name, wanted, start_time, end_time);
		IF answer.granted <> (wanted <= expected) THEN
			wrong := wrong + 1;
			RAISE WARNING '% % from % to %: % of %', wanted, name, start_time, end_time, answer, expected;
		END IF;
		IF answer.granted THEN
			granted := granted + 1;
			IF (SELECT jsonb_object_agg(r.name, v.amount / v.template_count)
				FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
				WHERE v.reservation_id = answer.reservation_id) <> needs THEN
				wrong := wrong + 1;
			END IF;
			IF random() < 0.3 THEN
				PERFORM arbiter_cancel(answer.reservation_id);
			END IF;
		ELSE
			refused := refused + 1;
		END IF;
	END LOOP;
	RAISE INFO '% wrong, enough of both: %', wrong, least(granted, refused) > 80;
END
$$;
-- each bucket is what fits in it
SELECT grain, count(*), count(*) FILTER (WHERE c.fits <> arbiter_fits('tpl.random', c.bucket_start, c.bucket_end)) AS wrong,
	count(*) FILTER (WHERE c.fits <> template_fits('{"tpl.r1": 2, "tpl.r2": 3, "tpl.r3": 1, "tpl.r4": 5}', c.bucket_start, c.bucket_end)) AS wrong_by_rows,
	count(DISTINCT c.fits) > 1 AS differ
FROM unnest('{7 min,1 h,5 h,1 day,1 week}'::interval[]) grain
CROSS JOIN LATERAL arbiter_fits_calendar('tpl.random', '2030-03-01 00:20', CASE WHEN grain < '1 h' THEN timestamptz '2030-03-02' ELSE '2030-03-12 06:00' END, grain) c
GROUP BY grain ORDER BY grain;
SELECT count(*), count(*) FILTER (WHERE a.fits <> b.fits) AS wrong
FROM arbiter_fits_calendar('tpl.other', '2030-02-27', '2030-03-12', '45 min') a
JOIN arbiter_fits_calendar_all('{"tpl.r1": 1, "tpl.type3": 4}', '2030-02-27', '2030-03-12', '45 min') b USING (bucket_start, bucket_end);

-- EXECUTE is the privilege
CREATE ROLE regress_arbiter_packer;
SET ROLE regress_arbiter_packer;
SELECT split_part(outcome(call), ' for', 1) FROM unnest(ARRAY[
	$$ SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 1}') $$,
	$$ SELECT arbiter_drop_template('tpl.tiny') $$,
	$$ SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13') $$,
	$$ SELECT arbiter_try_reserve_template('tpl.tiny', 1, '2030-01-12', '2030-01-13') $$,
	$$ SELECT arbiter_fits('tpl.tiny', '2030-01-12', '2030-01-13') $$,
	$$ SELECT arbiter_fits_all('{"tpl.cores": 1}', '2030-01-12', '2030-01-13') $$,
	$$ SELECT arbiter_fits_calendar('tpl.tiny', '2030-01-12', '2030-01-13', '1 h') $$,
	$$ SELECT arbiter_fits_calendar_all('{"tpl.cores": 1}', '2030-01-12', '2030-01-13', '1 h') $$,
	$$ SELECT * FROM arbiter_template $$, $$ SELECT * FROM arbiter_template_item $$, $$ SELECT * FROM arbiter_current_template $$]) call;
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_set_template, arbiter_drop_template, arbiter_reserve_template, arbiter_try_reserve_template,
	arbiter_fits, arbiter_fits_calendar TO regress_arbiter_packer;
SET ROLE regress_arbiter_packer;
SELECT arbiter_set_template('tpl.packed', '{"tpl.cores": 1}') > 0;
SELECT arbiter_fits('tpl.packed', '2030-01-25', '2030-01-26'), (SELECT sum(fits) FROM arbiter_fits_calendar('tpl.packed', '2030-01-25', '2030-01-26', '6 h'));
SELECT arbiter_reserve_template('tpl.packed', 2, '2030-01-25', '2030-01-26') > 0;
SELECT granted, available FROM arbiter_try_reserve_template('tpl.packed', 4, '2030-01-25', '2030-01-26');
SELECT arbiter_drop_template('tpl.packed');
RESET ROLE;
DROP OWNED BY regress_arbiter_packer;
DROP ROLE regress_arbiter_packer;

-- nothing is written in a READ ONLY transaction
BEGIN READ ONLY;
SELECT arbiter_fits('tpl.tiny', '2030-01-25', '2030-01-26');
SAVEPOINT a;
SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 3}');
ROLLBACK TO a;
SELECT arbiter_drop_template('tpl.tiny');
ROLLBACK TO a;
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-25', '2030-01-26');
ROLLBACK;
-- a savepoint takes a version back
BEGIN;
SAVEPOINT a;
SELECT arbiter_set_template('tpl.tiny', '{"tpl.cores": 5}') > 0;
SELECT arbiter_fits('tpl.tiny', '2030-01-27', '2030-01-28');
ROLLBACK TO a;
SELECT arbiter_fits('tpl.tiny', '2030-01-27', '2030-01-28');
ROLLBACK;
-- what a trigger of a user books by the first items of a version is not kept
SELECT count(arbiter_create_resource('tpl.early-' || n)) FROM generate_series(1, 3) n;
SELECT count(arbiter_set_capacity('tpl.early-' || n, '2030-01-01', '2030-02-01', 10)) FROM generate_series(1, 3) n;
CREATE FUNCTION early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item = 2 THEN
		PERFORM arbiter_reserve_template('tpl.early', 1, '2030-01-01', '2030-01-02');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER early BEFORE INSERT ON arbiter_template_item FOR EACH ROW EXECUTE FUNCTION early();
BEGIN;
SELECT arbiter_set_template('tpl.early', '{"tpl.early-1": 1, "tpl.early-2": 1, "tpl.early-3": 1}') > 0;
SELECT arbiter_reserve_template('tpl.early', 1, '2030-01-01', '2030-01-02') AS id \gset
SELECT count(*) FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
DROP TRIGGER early ON arbiter_template_item;
DROP FUNCTION early();
SELECT count(arbiter_drop_resource('tpl.early-' || n)) FROM generate_series(1, 3) n;
-- triggers of users are heard: what one leaves in the row is what is written, none may suppress it
BEGIN;
CREATE FUNCTION packer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.name = 'tpl.suppressed' THEN
		RETURN NULL;
	END IF;
	new.template_id := 7654321;
	RETURN new;
END
$$;
CREATE TRIGGER packer BEFORE INSERT ON arbiter_template FOR EACH ROW EXECUTE FUNCTION packer();
SELECT arbiter_set_template('tpl.chosen', '{"tpl.cores": 2}');
SELECT template_id, resource_types FROM arbiter_current_template WHERE name = 'tpl.chosen';
SELECT arbiter_fits('tpl.chosen', '2030-01-27', '2030-01-28');
SELECT outcome($$ SELECT arbiter_set_template('tpl.suppressed', '{"tpl.cores": 2}') $$);
CREATE TRIGGER elsewhere BEFORE INSERT ON arbiter_resource FOR EACH ROW EXECUTE FUNCTION arbiter_template_trigger();
SELECT outcome($$ INSERT INTO arbiter_resource (name) VALUES ('tpl.elsewhere') $$);
ROLLBACK;
-- plain SQL does not say by which template a reservation was booked, or by which series
BEGIN;
SELECT arbiter_reserve('tpl.node-1.cores', '2030-01-09', '2030-01-10', 1) AS id \gset
SELECT outcome(format('INSERT INTO arbiter_reservation (resource_id, during, amount, %s) VALUES (arbiter_resource_id(%L), %L, 1, 1)',
	c, 'tpl.node-1.cores', '[2030-01-09,2030-01-10)'))
FROM unnest(ARRAY['template_id', 'template_count', 'series_id', 'occurrence']) c;
SELECT outcome(format('UPDATE arbiter_reservation SET template_id = 1 WHERE reservation_id = %s', :id));
SELECT arbiter_reserve_template('tpl.tiny', 1, '2030-01-09', '2030-01-10', resources => '{"tpl.cores": "tpl.node-1.cores"}') AS id \gset
SELECT outcome(format('UPDATE arbiter_reservation SET template_id = NULL WHERE reservation_id = %s', :id));
SELECT outcome(format('UPDATE arbiter_reservation SET template_count = 2 WHERE reservation_id = %s', :id));
UPDATE arbiter_reservation SET attributes = '{}', template_id = template_id WHERE reservation_id = :id;
ROLLBACK;
-- a template of many resources
BEGIN;
SELECT count(arbiter_create_resource('tpl.many' || i)), count(arbiter_set_capacity('tpl.many' || i, '2030-01-01', '2030-02-01', 9))
FROM generate_series(1, 300) i;
SELECT arbiter_set_template('tpl.many', jsonb_object_agg('tpl.many' || i, 2)) > 0 FROM generate_series(1, 300) i;
SELECT arbiter_reserve_template('tpl.many', 3, '2030-01-05', '2030-01-06') AS id \gset
SELECT count(*), sum(amount), arbiter_fits('tpl.many', '2030-01-05', '2030-01-06'), arbiter_fits('tpl.many', '2030-01-06', '2030-01-07')
FROM arbiter_reservation WHERE reservation_id = :id;
ROLLBACK;
-- a parallel worker reads too
BEGIN;
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT arbiter_fits('tpl.small', '2030-01-27', '2030-01-28');
SELECT count(*) FROM arbiter_fits_calendar('tpl.small', '2030-01-27', '2030-01-28', '1 h');
ROLLBACK;
-- the trigger function is for its triggers alone
SELECT outcome($$ SELECT arbiter_template_trigger() $$);

DROP FUNCTION template_fits;
SELECT * FROM arbiter_check();
