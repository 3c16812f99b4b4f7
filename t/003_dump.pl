
# Dump and restore: the same timelines, ids that go on, privileges that stay,
# and a guard that is awake from the first raw statement on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $node = new_server('dump', extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;

# The owner of the database is no superuser, and does everything.
$node->safe_psql('postgres', <<'END');
CREATE ROLE owner LOGIN CREATEDB;
CREATE ROLE booker LOGIN;
CREATE ROLE analyst LOGIN;
CREATE ROLE stranger LOGIN;
CREATE DATABASE source OWNER owner;
END

my @as_owner = (extra_params => [ '-U', 'owner' ]);
$node->safe_psql('source', 'CREATE EXTENSION arbiter CASCADE', @as_owner);
create_mix_resources($node, 'source');
$node->safe_psql('source', <<'END', @as_owner);
SELECT arbiter_create_resource('optioned', 'seat', '30 min', '1 hour', attributes => '{"floor": 2}');
SELECT arbiter_set_capacity('optioned', '2030-01-01', 'infinity', 10);
SELECT arbiter_create_resource('oversold');
SELECT arbiter_set_capacity('oversold', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_reserve('oversold', '2030-01-05', '2030-01-09', 9);
SELECT arbiter_set_capacity('oversold', '2030-01-07', '2030-01-08', 4, force => true);
SELECT arbiter_create_resource('full');
SELECT arbiter_set_capacity('full', '2030-01-01', '2030-02-01', 6);
SELECT arbiter_reserve('full', '2030-01-01', '2030-02-01', 6, 'somebody', 'a key');
SELECT arbiter_create_resource('no schedule');
SELECT granted FROM arbiter_try_reserve('full', '2030-01-01', '2030-01-02', 1);
SELECT arbiter_reserve_all('{"hot": 2, "wide": 1}', '2030-01-01 10:00', '2030-01-01 12:00');
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at, attributes)
SELECT resource_id, '[2030-01-03,2030-01-04)', 1, 'held', '2090-01-01', '{"note": "it''s\ta \\ test"}'
FROM arbiter_resource WHERE name = 'wide';
SELECT arbiter_create_resource('held');
SELECT arbiter_set_capacity('held', '2030-01-01', '2030-02-01', 6);
-- what was booked with other buffers than there are now, and what tries out
SELECT arbiter_create_resource('buffered', setup_time => '2 hours', cleanup_time => '90 min', float_percent => 12.5);
SELECT arbiter_set_capacity('buffered', '2030-01-01', '2030-02-01', 8);
SELECT arbiter_reserve('buffered', '2030-01-05 10:00', '2030-01-05 12:00', 7);
SELECT arbiter_reserve('buffered', '2030-01-05 10:00', '2030-01-05 12:00', 1, 'trier', tryout => true);
SELECT arbiter_alter_resource('buffered', cleanup_time => '15 min', clear => '{setup_time}');
SELECT arbiter_reserve('buffered', '2030-01-06 10:00', '2030-01-06 12:00', 7);
-- templates: two versions of one, with a resource and a resource type, and a retired one
SELECT arbiter_alter_resource('full', resource_type => 'seats');
SELECT arbiter_set_template('pair', '{"seats": 1, "held": 1}');
SELECT arbiter_set_capacity('full', '2030-02-01', '2030-02-10', 6);
SELECT arbiter_set_capacity('held', '2030-02-01', '2030-02-10', 6);
SELECT arbiter_reserve_template('pair', 2, '2030-02-02', '2030-02-03');
SELECT arbiter_set_template('pair', '{"seats": 2, "held": 1}');
SELECT arbiter_reserve_template('pair', 1, '2030-02-02', '2030-02-03');
SELECT arbiter_set_template('gone', '{"held": 1}');
SELECT arbiter_drop_template('gone');
SELECT granted FROM arbiter_try_reserve_template('pair', 3, '2030-02-02', '2030-02-03');
-- sublets, two deep, and one whose reservation was cancelled from under it
SELECT arbiter_create_resource('farm');
SELECT arbiter_set_capacity('farm', '2030-01-01', '2030-03-01', 20);
SELECT arbiter_sublet(arbiter_reserve('farm', '2030-01-01', '2030-02-01', 12, 'project'), 'farm.project');
SELECT arbiter_resize(reservation_id, 8, from_time => '2030-01-15') FROM arbiter_booking WHERE user_id = 'project';
SELECT arbiter_sublet(arbiter_reserve('farm.project', '2030-01-10', '2030-01-20', 6, 'cluster'), 'farm.cluster');
SELECT arbiter_reserve('farm.cluster', '2030-01-10', '2030-01-12', 6);
SELECT arbiter_sublet(arbiter_reserve('farm', '2030-01-01', '2030-02-01', 2, 'lost'), 'farm.lost');
SELECT arbiter_cancel(reservation_id) FROM arbiter_booking WHERE user_id = 'lost';
-- a series, of which one occurrence moved, and spans that share the gap between them
SELECT count(*) FROM arbiter_reserve_series('optioned', 1, '2 hours', 'FREQ=WEEKLY;BYDAY=TU;COUNT=6', '2090-03-07 09:00', 'Europe/London', user_id => 'course', request_key => 'term');
SELECT count(*) FROM arbiter_move_series(1, '1 day', 5);
SELECT arbiter_create_resource('spanned', setup_time => '30 min', cleanup_time => '30 min');
SELECT arbiter_set_capacity('spanned', '2030-01-01', '2030-02-01', 8);
SELECT arbiter_reserve_spans('spanned', '{[2030-01-20 10:00, 2030-01-20 11:00), [2030-01-20 11:05, 2030-01-20 12:00)}', 7, 'spanner');
SELECT granted FROM arbiter_try_reserve_spans('spanned', '{[2030-01-20 10:00, 2030-01-20 11:00), [2030-01-20 11:05, 2030-01-20 12:00)}', 7, 'spanner');
-- a share in parts, what is sublet of it, a part that is cancelled, and a share that a forced cut left with what it had
SELECT arbiter_create_resource('divided');
SELECT arbiter_set_capacity('divided', '2030-01-01', '2030-02-01', 10);
SELECT arbiter_set_capacity('divided', '2030-01-10', '2030-01-20', 25);
SELECT arbiter_sublet(arbiter_reserve_share('divided', 50, '2030-01-05', '2030-01-25', 'sharer'), 'divided.half');
SELECT arbiter_reserve_share('divided', 10, '2030-01-05', '2030-01-12', 'squeezed');
SELECT arbiter_truncate(reservation_id, '2030-01-10') FROM arbiter_booking WHERE user_id = 'squeezed';
SELECT arbiter_set_capacity('divided', '2030-01-06', '2030-01-07', 4, force => true);
SELECT granted FROM arbiter_try_reserve_share('divided', 66.67, '2030-01-05', '2030-01-25', 'sharer');
-- prices, cut at an instant, for all time, and of a part of it
SELECT arbiter_set_price('full', 2.50);
SELECT arbiter_set_price('full', 0.125, '2030-01-10 12:00', '2030-01-20');
SELECT arbiter_set_price('hot', 1, '2030-01-01', '2030-01-05');
-- quotas, of a user and a group, at any instant and over months, with limits that change
SELECT arbiter_create_resource('limited', resource_type => 'limited');
SELECT arbiter_set_capacity('limited', '2030-01-01', '2030-03-01', 50);
SELECT arbiter_set_quota('limited user', 5, resource => 'limited');
SELECT arbiter_set_quota('limited user', 6, resource => 'limited', start_time => '2030-02-01');
SELECT arbiter_set_quota('crew', 240.25, 'unit_hours', resource_type => 'limited', subject_kind => 'group', tz => 'Europe/London');
SELECT arbiter_add_member('crew', 'limited user'), arbiter_add_member('crew', 'other');
SELECT arbiter_set_price('limited', 1.25);
SELECT arbiter_set_quota('limited user', 200.5, 'cost', tz => 'UTC');
SELECT arbiter_reserve('limited', '2030-01-10', '2030-01-11', 4, 'limited user');
SELECT arbiter_reserve('limited', '2030-01-30', '2030-02-02', 2, 'other');
-- providers: what they have, where they are, and a claim
INSERT INTO arbiter_partition (name) VALUES ('gone'), ('main');
DELETE FROM arbiter_partition WHERE name = 'gone';
INSERT INTO arbiter_provider (name, partition_id) SELECT 'node' || n, partition_id FROM arbiter_partition, generate_series(1, 3) n;
INSERT INTO arbiter_provider (name, provider_type, parent_provider_id) SELECT 'node1.socket', 'socket', provider_id FROM arbiter_provider WHERE name = 'node1';
INSERT INTO arbiter_resource_type (resource_type, unit) VALUES ('memory', 'MiB');
SELECT arbiter_set_inventory('node1', 'memory', 1024, 24, 8, 512, 8, 1.5, '2030-01-01');
SELECT arbiter_set_inventory('node1', 'memory', 512, start_time => '2030-02-01', end_time => '2030-03-01');
SELECT arbiter_set_inventory('node2', 'cpu', 8);
SELECT arbiter_reserve('node1.memory', '2030-02-10', '2030-02-11', 700, 'claimer');
INSERT INTO arbiter_capability (name) VALUES ('ssd'), ('avx2');
INSERT INTO arbiter_provider_capability SELECT provider_id, capability_id FROM arbiter_provider p, arbiter_capability c WHERE p.name = 'node1';
INSERT INTO arbiter_provider_group (name, group_type) VALUES ('east', 'site'), ('east-row0', 'row');
INSERT INTO arbiter_provider_group_member SELECT group_id, provider_id FROM arbiter_provider_group, arbiter_provider WHERE provider_type = 'node';
INSERT INTO arbiter_distance_type (name) VALUES ('network');
INSERT INTO arbiter_distance (distance_type_id, name, position) SELECT distance_type_id, 'network.' || n, n FROM arbiter_distance_type, generate_series(0, 2) n;
INSERT INTO arbiter_provider_distance SELECT provider_id, group_id, distance_type_id, distance_id FROM arbiter_provider, arbiter_provider_group g, arbiter_distance d WHERE g.name = 'east' AND d.position = 1;
INSERT INTO arbiter_consumer (name, consumer_type, owner_project) VALUES ('vm-1', 'machine', 'science');
INSERT INTO arbiter_claim (reservation_id, request, allocations, consumer_id) SELECT 1, '{"resources": {"memory": 1}}', '[]', consumer_id FROM arbiter_consumer;
-- the random load leaves these alone
SELECT setval('arbiter_reservation_id_seq', 100);

GRANT USAGE ON SCHEMA public TO booker, analyst;
GRANT EXECUTE ON FUNCTION arbiter_reserve(text, text, text, bigint, text, text, boolean),
	arbiter_available(text, text, text) TO booker;
GRANT SELECT ON arbiter_reservation, arbiter_resource, arbiter_booking TO analyst;
GRANT SELECT ON arbiter_denial TO analyst WITH GRANT OPTION;
END
my $seed = $ENV{ARBITER_SEED} // time;
note "seed $seed";
finish_psql(start_psql($node, random_mix(seed => $seed, statements => 3000, seconds => 5, first => 100),
	dbname => 'source'));
outlive_holds($node, 'source');
# a hold that has expired and nobody has marked, beside one that lives
$node->safe_psql('source', <<'END');
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, expires_at)
SELECT resource_id, '[2030-01-05,2030-01-09)', amount, 'holder', 'held', expires_at
FROM arbiter_resource, (VALUES (5, timestamptz '2001-01-01'), (1, 'infinity')) v (amount, expires_at) WHERE name = 'held';
END
is_healthy($node, 'source', dbname => 'source', oversold => 1);

my @contents = (
	'SELECT * FROM arbiter_resource ORDER BY resource_id',
	'SELECT * FROM arbiter_capacity ORDER BY resource_id, during',
	'SELECT * FROM arbiter_price ORDER BY resource_id, during',
	'SELECT * FROM arbiter_reservation ORDER BY reservation_id, part',
	'SELECT reservation_id, cost FROM arbiter_booking ORDER BY reservation_id',
	'SELECT * FROM arbiter_denial ORDER BY denial_id',
	'SELECT * FROM arbiter_series ORDER BY series_id',
	'SELECT last_value, is_called FROM arbiter_series_series_id_seq',
	'SELECT * FROM arbiter_template ORDER BY template_id',
	'SELECT * FROM arbiter_template_item ORDER BY template_id, item',
	'SELECT * FROM arbiter_current_template ORDER BY name',
	'SELECT last_value, is_called FROM arbiter_template_template_id_seq',
	'SELECT * FROM arbiter_quota ORDER BY quota_id',
	'SELECT * FROM arbiter_quota_limit ORDER BY quota_id, during',
	'SELECT * FROM arbiter_group_member ORDER BY group_id, user_id',
	q{SELECT q.quota_id, t.* FROM arbiter_quota q, arbiter_quota_timeline(q.quota_id, '2030-01-01', '2030-03-01') t ORDER BY 1, 2},
	'SELECT last_value, is_called FROM arbiter_quota_quota_id_seq',
	'SELECT * FROM arbiter_partition ORDER BY partition_id',
	'SELECT last_value, is_called FROM arbiter_partition_partition_id_seq',
	'SELECT * FROM arbiter_provider ORDER BY provider_id',
	'SELECT last_value, is_called FROM arbiter_provider_provider_id_seq',
	'SELECT * FROM arbiter_resource_type ORDER BY resource_type',
	'SELECT * FROM arbiter_inventory ORDER BY resource_id',
	'SELECT * FROM arbiter_inventory_total ORDER BY resource_id, during',
	'SELECT * FROM arbiter_capability ORDER BY capability_id',
	'SELECT last_value, is_called FROM arbiter_capability_capability_id_seq',
	'SELECT * FROM arbiter_provider_capability ORDER BY 1, 2',
	'SELECT * FROM arbiter_provider_group ORDER BY group_id',
	'SELECT last_value, is_called FROM arbiter_provider_group_group_id_seq',
	'SELECT * FROM arbiter_provider_group_member ORDER BY 1, 2',
	'SELECT * FROM arbiter_distance_type ORDER BY 1',
	'SELECT last_value, is_called FROM arbiter_distance_type_distance_type_id_seq',
	'SELECT * FROM arbiter_distance ORDER BY 1',
	'SELECT last_value, is_called FROM arbiter_distance_distance_id_seq',
	'SELECT * FROM arbiter_provider_distance ORDER BY 1, 2, 3',
	'SELECT * FROM arbiter_consumer ORDER BY 1',
	'SELECT last_value, is_called FROM arbiter_consumer_consumer_id_seq',
	'SELECT * FROM arbiter_claim ORDER BY 1',
	'SELECT last_value, is_called FROM arbiter_reservation_id_seq',
	'SELECT last_value, is_called FROM arbiter_resource_resource_id_seq',
	'SELECT last_value, is_called FROM arbiter_denial_denial_id_seq',
	'SELECT * FROM arbiter_resource_tree ORDER BY path',
	'SELECT * FROM arbiter_conflicts()',
	q{SELECT r, c.relname, has_table_privilege(r, c.oid, p), p
		FROM pg_class c, unnest('{owner,booker,analyst,stranger}'::text[]) r,
			unnest('{SELECT,INSERT,SELECT WITH GRANT OPTION}'::text[]) p
		WHERE c.relname LIKE 'arbiter%' AND c.relkind IN ('r', 'v') ORDER BY 1, 2, 4},
	q{SELECT r, f.oid::regprocedure, has_function_privilege(r, f.oid, p)
		FROM pg_proc f, unnest('{owner,booker,analyst,stranger}'::text[]) r,
			unnest('{EXECUTE,EXECUTE WITH GRANT OPTION}'::text[]) p
		WHERE f.proname LIKE 'arbiter%' ORDER BY 1, 2::text, p},
	'SELECT extversion FROM pg_extension ORDER BY extname');

sub contents
{
	my ($dbname) = @_;

	return join "\n--\n", map { $node->safe_psql($dbname, $_) } @contents;
}

my $expected = contents('source');
my $timelines = timeline_text($node, 'source');
my $highest = $node->safe_psql('source', 'SELECT max(reservation_id) FROM arbiter_reservation');
cmp_ok($highest, '>', 200, 'there is something to dump');
is($node->safe_psql('source', "SELECT arbiter_available('held', '2030-01-05', '2030-01-09'), count(*) FROM arbiter_reservation WHERE status = 'held' AND user_id = 'holder'"),
	'5|2', 'one hold has expired, and nobody has marked it');
is( $node->safe_psql('source', "SELECT count(DISTINCT upper(occupied) - upper(during)), count(*) FILTER (WHERE tryout) FROM arbiter_reservation JOIN arbiter_resource USING (resource_id) WHERE name = 'buffered'"),
	'2|1', 'rows are of different buffers, one tries out');
unlike($node->safe_psql('source', q{SELECT count(*) FROM arbiter_conflicts('oversold')}),
	qr/^0$/, 'one resource is oversold');

# Whatever happened, the restored database is the same and is guarded.
sub check_restored
{
	my ($dbname, $how) = @_;

	is($node->safe_psql($dbname, 'SELECT count(*) FROM arbiter_timeline'),
		'0', "$how: the timeline is not dumped");
	is(contents($dbname), $expected, "$how: the same contents");
	is(timeline_text($node, $dbname), $timelines, "$how: the same timelines before they are built");

	is( sqlstate_of(
			$node, q{INSERT INTO arbiter_reservation (resource_id, during, amount)
			SELECT resource_id, '[2030-01-15,2030-01-16)', 1 FROM arbiter_resource WHERE name = 'full'},
			dbname => $dbname, extra => [ '-U', 'owner' ]),
		'RV001',
		"$how: a raw INSERT that oversells is refused");
	is( sqlstate_of(
			$node, q{UPDATE arbiter_reservation SET amount = 11 WHERE resource_id =
				(SELECT resource_id FROM arbiter_resource WHERE name = 'oversold')},
			dbname => $dbname),
		'RV001',
		"$how: an oversold window does not get worse");
	is(sqlstate_of($node, q{SELECT arbiter_reserve('hot', '2030-01-01', '2030-01-02', 100)},
			dbname => $dbname, extra => [ '-U', 'booker' ]),
		'RV001', "$how: who may reserve, may");
	is(sqlstate_of($node, q{SELECT arbiter_reserve('hot', '2030-01-01', '2030-01-02', 100)},
			dbname => $dbname, extra => [ '-U', 'stranger' ]),
		'42501', "$how: who may not, may not");
	is(sqlstate_of($node, q{SELECT count(*) FROM arbiter_booking},
			dbname => $dbname, extra => [ '-U', 'analyst' ]),
		'00000', "$how: who may read, may");

	is(sqlstate_of($node, q{SELECT arbiter_reserve('limited', '2030-01-10', '2030-01-11', 2, 'limited user')},
			dbname => $dbname, extra => [ '-U', 'booker' ]),
		'RV010', "$how: quotas hold");
	is( sqlstate_of($node, q{INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
			SELECT resource_id, '[2030-01-20,2030-01-21)', 3, 'other' FROM arbiter_resource WHERE name = 'limited'}, dbname => $dbname),
		'RV010', "$how: for raw rows, too");
	is(sqlstate_of($node, q{SELECT arbiter_reserve('limited', '2030-01-20', '2030-01-22', 2, 'limited user')}, dbname => $dbname),
		'RV010', "$how: budgets, too");
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			SELECT arbiter_set_quota('another', 1) > max(quota_id) FROM arbiter_quota;
			ROLLBACK;
			BEGIN;
			SELECT 1 FROM arbiter_reserve('limited', '2030-02-10', '2030-02-11', 6, 'limited user');
			SELECT subject, used, available FROM arbiter_quota q, arbiter_quota_timeline(q.quota_id, '2030-02-10', '2030-02-10 00:01') t ORDER BY 1, 2;
			ROLLBACK}),
		"t\n1\ncrew|192|48.25\nlimited user|6|0\nlimited user|180|20.5", "$how: ids of quotas go on, and quotas count");

	# the hold is free before and after it is marked; a row keeps what it occupies
	is( $node->safe_psql(
			$dbname, q{
			SELECT arbiter_available('held', '2030-01-05', '2030-01-09');
			SELECT 1 FROM arbiter_reserve('held', '2030-01-06', '2030-01-07', 5, 'newcomer');
			SELECT status, count(*) FROM arbiter_reservation WHERE user_id = 'holder' GROUP BY 1 ORDER BY 1;
			DELETE FROM arbiter_reservation WHERE user_id = 'newcomer'}),
		"5\n1\nexpired|1\nheld|1", "$how: a hold that has expired makes room");
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			CREATE TEMPORARY TABLE before AS SELECT reservation_id, part, occupied FROM arbiter_reservation;
			UPDATE arbiter_reservation SET attributes = '{"seen": true}' WHERE resource_id = (SELECT resource_id FROM arbiter_resource WHERE name = 'buffered');
			SELECT count(*) FROM arbiter_reservation v JOIN before b USING (reservation_id, part) WHERE v.occupied IS DISTINCT FROM b.occupied;
			ROLLBACK}), '0', "$how: rows keep what they occupy");
	is( sqlstate_of($node, q{SELECT arbiter_reserve('buffered', '2030-01-05 13:29', '2030-01-05 13:40', 1, tryout => true)}, dbname => $dbname),
		'RV001', "$how: which counts");
	is( sqlstate_of($node, q{INSERT INTO arbiter_reservation (resource_id, during, amount)
			SELECT resource_id, '[2030-01-06 10:00,2030-01-06 11:00)', 1 FROM arbiter_resource WHERE name = 'buffered'}, dbname => $dbname),
		'RV001', "$how: the float is kept back");

	# the restored series goes on where it was, and its key is still answered
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			SELECT count(*), bool_and(a.reservation_id = v.reservation_id)
			FROM arbiter_reserve_series('optioned', 1, '2 hours', 'FREQ=WEEKLY;BYDAY=TU;COUNT=6', '2090-03-07 09:00', 'Europe/London', user_id => 'course', request_key => 'term') a
			JOIN arbiter_reservation v USING (series_id, occurrence);
			SELECT string_agg(occurrence || ' ' || (start_time AT TIME ZONE 'UTC'), ', ' ORDER BY occurrence) FROM arbiter_move_series(1, '-1 day', 5);
			SELECT string_agg(to_char(upper(occupied) - lower(occupied), 'HH24:MI'), ' ' ORDER BY part) FROM arbiter_reservation WHERE user_id = 'spanner';
			ROLLBACK}),
		"6|t\n5 2090-04-04 08:00:00, 6 2090-04-11 08:00:00\n01:35 01:25", "$how: series and spans");

	# the restored share follows capacity, and its child with it
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			SELECT 1 FROM arbiter_set_capacity('divided', '2030-01-10', '2030-02-01', 30);
			SELECT string_agg(part || ':' || amount, ' ' ORDER BY part) FROM arbiter_reservation WHERE user_id = 'sharer';
			SELECT string_agg(status || ':' || amount, ' ' ORDER BY part) FROM arbiter_reservation WHERE user_id = 'squeezed';
			SELECT count(*), max(amount) FROM arbiter_capacity WHERE resource_id = arbiter_resource_id('divided.half');
			SELECT count(*) FROM arbiter_check();
			ROLLBACK}),
		"1\n1:5 2:2 3:5 4:15\nconfirmed:1 cancelled:2\n4|15\n0", "$how: shares");
	is(sqlstate_of($node, q{UPDATE arbiter_reservation SET amount = 1 WHERE user_id = 'sharer'}, dbname => $dbname),
		'55000', "$how: what a share takes is not for writing");

	# the restored template is the same one, still current and still immutable
	is( $node->safe_psql(
			$dbname, q{
			SELECT arbiter_fits('pair', '2030-02-02', '2030-02-03');
			SELECT arbiter_set_template('pair', '{"seats": 2, "held": 1}') = max(template_id) FROM arbiter_template WHERE name = 'pair';
			SELECT string_agg(format('%s x v%s = %s', v.template_count, t.version, v.amount), ', ' ORDER BY reservation_id, part)
			FROM arbiter_reservation v JOIN arbiter_template t USING (template_id);
			SELECT count(*) FROM arbiter_denial WHERE template_id IS NOT NULL AND template_count = 3}),
		"1\nt\n2 x v1 = 2, 2 x v1 = 2, 1 x v2 = 2, 1 x v2 = 1\n1", "$how: templates, and what was booked by them");
	is(sqlstate_of($node, q{SELECT arbiter_reserve_template('gone', 1, '2030-02-02', '2030-02-03')}, dbname => $dbname),
		'55000', "$how: a retired template is retired");
	is(sqlstate_of($node, q{UPDATE arbiter_template_item SET amount = 1}, dbname => $dbname),
		'55000', "$how: versions are not changed");
	is(sqlstate_of($node, q{TRUNCATE arbiter_template}, dbname => $dbname), '55000', "$how: and not truncated");
	cmp_ok($node->safe_psql($dbname, q{BEGIN; SELECT arbiter_set_template('another', '{"held": 1}'); ROLLBACK}),
		'>', 3, "$how: template ids go on");

	# what is restored has its price, and can be given another
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			SELECT arbiter_quote('full', '2030-01-10', '2030-01-11', 2);
			SELECT 1 FROM arbiter_set_price('full', 1, '2030-01-10 06:00', '2030-01-11');
			SELECT arbiter_quote('full', '2030-01-10', '2030-01-11', 2);
			ROLLBACK}),
		"63.00\n1\n66.00", "$how: prices");

	# what is restored of providers follows what they have
	is( $node->safe_psql(
			$dbname, q{
			SELECT string_agg(amount::text, ' ' ORDER BY during) FROM arbiter_capacity WHERE resource_id = arbiter_resource_id('node1.memory');
			BEGIN;
			UPDATE arbiter_inventory SET reserved = 0 WHERE resource_id = arbiter_resource_id('node1.memory');
			SELECT string_agg(amount::text, ' ' ORDER BY during) FROM arbiter_capacity WHERE resource_id = arbiter_resource_id('node1.memory');
			SELECT 1 FROM arbiter_set_inventory('node2', 'cpu', 9);
			SELECT arbiter_available('node2.cpu', '2030-01-01', '2031-01-01');
			ROLLBACK}),
		"1500 732 1500\n1536 768 1536\n1\n9", "$how: inventories");
	is(sqlstate_of($node, q{SELECT arbiter_set_inventory('node1', 'memory', reserved => 60)}, dbname => $dbname),
		'RV011', "$how: and keep what is reserved covered");
	is(sqlstate_of($node, q{SELECT arbiter_set_capacity('node2.cpu', '2030-01-01', '2031-01-01', 1)}, dbname => $dbname),
		'55000', "$how: and stay inventories");

	# ids of the model go on
	is( $node->safe_psql(
			$dbname, q{
			BEGIN;
			INSERT INTO arbiter_partition (name) VALUES ('new');
			INSERT INTO arbiter_provider (name) VALUES ('new');
			INSERT INTO arbiter_capability (name) VALUES ('new');
			INSERT INTO arbiter_provider_group (name, group_type) VALUES ('new', 'site');
			INSERT INTO arbiter_distance_type (name) VALUES ('new');
			INSERT INTO arbiter_distance (distance_type_id, name, position) SELECT distance_type_id, 'new', 0 FROM arbiter_distance_type WHERE name = 'new';
			INSERT INTO arbiter_consumer (name) VALUES ('new');
			ROLLBACK}),
		'', "$how: ids of the model go on");

	is($node->safe_psql($dbname,
			q{SELECT arbiter_reserve('full', '2030-01-01', '2030-02-01', 6, 'somebody', 'a key') =
				(SELECT reservation_id FROM arbiter_reservation WHERE request_key = 'a key')}),
		't', "$how: request keys are remembered");
	is( $node->safe_psql(
			$dbname, qq{
			DELETE FROM arbiter_reservation WHERE request_key = 'a key';
			SELECT arbiter_reserve('full', '2030-01-01', '2030-02-01', 6, 'somebody', 'a key') > $highest}),
		't',
		"$how: ids go on");
	cmp_ok($node->safe_psql($dbname, q{SELECT arbiter_create_resource('another')}),
		'>', 8, "$how: resource ids go on");
	is($node->safe_psql($dbname, q{SELECT arbiter_drop_resource('another')}), '', "$how: dropped again");

	$node->safe_psql($dbname, q{SELECT arbiter_rebuild(name) FROM arbiter_resource});
	is(timeline_text($node, $dbname), $timelines, "$how: the same timelines once built");
	is_healthy($node, $how, dbname => $dbname, oversold => 1);
	return;
}

# The owner dumps and restores.
$node->safe_psql('postgres', 'CREATE DATABASE plain', @as_owner);
$node->command_ok([ 'pg_dump', '-U', 'owner', '-f', "$tempdir/plain.sql", 'source' ], 'pg_dump');
$node->command_ok(
	[ 'psql', '-XqU', 'owner', '-v', 'ON_ERROR_STOP=1', '-o', "$tempdir/out", '-f', "$tempdir/plain.sql", 'plain' ],
	'psql');
check_restored('plain', 'pg_dump | psql');

$node->command_ok([ 'pg_dump', '-U', 'owner', '-Fc', '-f', "$tempdir/custom", 'source' ],
	'pg_dump -Fc');
foreach my $turn (1, 2)
{
	$node->safe_psql('postgres', "CREATE DATABASE custom$turn", @as_owner);
	$node->command_ok(
		[ 'pg_restore', '-U', 'owner', '-e', '-j', 4, '-d', "custom$turn", "$tempdir/custom" ],
		"pg_restore -j 4, $turn");
	check_restored("custom$turn", "pg_dump -Fc, pg_restore -j 4, $turn");
}

$node->safe_psql('postgres', 'CREATE DATABASE directory', @as_owner);
$node->command_ok([ 'pg_dump', '-U', 'owner', '-Fd', '-j', 2, '-f', "$tempdir/directory", 'source' ],
	'pg_dump -Fd');
$node->command_ok(
	[ 'pg_restore', '-U', 'owner', '-e', '-j', 4, '-d', 'directory', "$tempdir/directory" ],
	'pg_restore -j 4');
check_restored('directory', 'pg_dump -Fd, pg_restore -j 4');

# All in one transaction: one COPY after the other into unbuilt resources.
$node->safe_psql('postgres', 'CREATE DATABASE single', @as_owner);
$node->command_ok(
	[ 'pg_restore', '-U', 'owner', '-e', '--single-transaction', '-d', 'single', "$tempdir/custom" ],
	'pg_restore --single-transaction');
check_restored('single', 'pg_restore --single-transaction');

# INSERT instead of COPY is raw DML, and guarded: rows of arbiter_capacity come
# before the resource they belong to.  It is refused, in whole; a superuser may
# restore such data with triggers off, and arbiter builds from them after.
$node->safe_psql('postgres', 'CREATE DATABASE inserts', @as_owner);
$node->command_ok([ 'pg_dump', '-U', 'owner', '--inserts', '-f', "$tempdir/inserts.sql", 'source' ],
	'pg_dump --inserts');
$node->command_checks_all(
	[ 'psql', '-XqU', 'owner', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-1',
		'-f', "$tempdir/inserts.sql", 'inserts' ],
	3, [], [qr/23503/], 'INSERTs in that order are refused');
$node->command_ok(
	[ 'pg_dump', '--inserts', '--data-only', '--disable-triggers', '-f', "$tempdir/rows.sql", 'source' ],
	'pg_dump --inserts --disable-triggers');
$node->safe_psql('inserts', 'CREATE EXTENSION arbiter CASCADE');
$node->command_ok(
	[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$tempdir/out", '-f', "$tempdir/rows.sql", 'inserts' ],
	'INSERTs with triggers off');
is(timeline_text($node, 'inserts'), $timelines, 'INSERTs with triggers off: the same timelines');
is( sqlstate_of(
		$node, q{INSERT INTO arbiter_reservation (resource_id, during, amount)
		SELECT resource_id, '[2030-01-15,2030-01-16)', 1 FROM arbiter_resource WHERE name = 'full'},
		dbname => 'inserts'),
	'RV001',
	'INSERTs with triggers off: a raw INSERT that oversells is refused');
is_healthy($node, 'INSERTs with triggers off', dbname => 'inserts', oversold => 1);

is_log_clean($node, 'all restores');
$node->stop;
done_testing();
