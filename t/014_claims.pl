
# Many sessions make claims until a small deployment is full: exactly what it has
# is granted, with no error but that nothing is left, no deadlock, and nothing
# oversold; sessions that are killed leave no part of a claim.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = $ENV{ARBITER_CLIENTS} // 8;
my $node = new_server('claims', conf => "deadlock_timeout = 50ms\nstatement_timeout = 60s\n");

# Five nodes in two racks; each has room for 40 claims, and memory for more.
$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_provider_group('rack' || n, 'rack') FROM generate_series(1, 2) n;
SELECT arbiter_create_provider('node' || n) FROM generate_series(1, 5) n;
SELECT arbiter_add_to_group('rack' || (1 + n % 2), 'node' || n) FROM generate_series(1, 5) n;
SELECT arbiter_set_inventory('node' || n, type, total, start_time => '2090-01-01')
FROM generate_series(1, 5) n, (VALUES ('cpu', 40), ('memory', 100), ('disk', 70)) t(type, total);
END

sub claims
{
	my ($isolation, $choose, $number) = @_;

	# a refusal ends it: nothing is left then
	return "SET default_transaction_isolation = '$isolation';\nSET arbiter.search_horizon = 0;\n" . <<"END" x $number;
SELECT 'claimed', reservation_id, string_agg(provider || ' ' || resource_type || ' ' || amount, ', ' ORDER BY resource_type)
FROM arbiter_claim('{"resources": {"cpu": 1, "memory": 1, "disk": 1}, "choose": "$choose"}', '2090-02-01', 'infinity') GROUP BY 2;
END
}

my $capacity = 5 * 40;
foreach my $isolation ('read committed', 'repeatable read', 'serializable')
{
	foreach my $choose ('random', 'pack', 'spread')
	{
		my $label = "$isolation, $choose";
		my @sessions = map {
			start_psql($node, claims($isolation, $choose, 60), name => "client $_") } 1 .. $clients;

		reap(@sessions);
		my $states = sqlstates(@sessions);
		my $claimed = 0;
		$claimed += () = $_->{stdout} =~ /^claimed\|\d+\|/mg foreach @sessions;
		note "$label: $claimed claimed; ", join ', ', map { "$states->{$_} x $_" } sort keys %$states;
		# above READ COMMITTED a claim that lost a race is not made again here
		$isolation eq 'read committed'
		  ? is($claimed, $capacity, "$label: exactly what there is, is granted")
		  : cmp_ok($claimed, '>', $clients, "$label: some are granted");
		cmp_ok($claimed, '<=', $capacity, "$label: no more than there is");
		is(join(', ', grep { $_ ne 'RV012' && !($_ eq '40001' && $isolation ne 'read committed') } sort keys %$states),
			'', "$label: no error but that nothing is left");
		is($node->safe_psql('postgres', q{SELECT count(*) FROM arbiter_claim c WHERE NOT EXISTS (
			SELECT FROM arbiter_reservation r WHERE r.reservation_id = c.reservation_id)
			OR (SELECT count(*) FROM arbiter_reservation r WHERE r.reservation_id = c.reservation_id) <> 3}),
			'0', "$label: every claim is whole");
		is_healthy($node, $label);
		is_log_clean($node, $label);
		$node->safe_psql('postgres', 'DELETE FROM arbiter_reservation; DELETE FROM arbiter_claim');
	}
}

# Groups that depend on each other, and claims that are given up again.
my $gang = <<'END';
{"groups": [{"name": "a", "resources": {"cpu": 3, "memory": 2}},
	{"name": "b", "resources": {"cpu": {"min": 1, "max": 4}}, "same_group": {"rack": "a"}, "isolate_from": ["a"]},
	{"name": "c", "resources": {"disk": 9}, "single_provider": false}]}
END
my $mixed = "SET arbiter.search_horizon = 0;\n" . <<"END" x 40;
SELECT 'claimed', reservation_id FROM arbiter_try_claim('$gang', '2090-02-01', '2090-03-01') WHERE granted;
SELECT arbiter_cancel(max(reservation_id)) FROM arbiter_reservation WHERE status = 'confirmed';
SELECT 'claimed', reservation_id FROM arbiter_try_claim('{"resources": {"cpu": 2}, "choose": "pack"}', '2090-02-10', '2090-04-01', ttl => '1 ms') WHERE granted;
SELECT 'claimed', reservation_id FROM arbiter_try_claim('$gang', '2090-02-20', 'infinity') WHERE granted;
END
my @sessions = map { start_psql($node, $mixed, name => "client $_") } 1 .. $clients;
reap(@sessions);
my $states = sqlstates(@sessions);
note join ', ', map { "$states->{$_} x $_" } sort keys %$states;
is(join(', ', grep { !/^(?:RV008|RV009|22004)$/ } sort keys %$states), '', 'gangs and holds: no unexpected SQLSTATE');
is_healthy($node, 'gangs and holds');
is_log_clean($node, 'gangs and holds');
$node->safe_psql('postgres', 'DELETE FROM arbiter_reservation; DELETE FROM arbiter_claim');

# Providers fail while others claim, cancel and move: nobody waits in a circle, and
# every claim has at all of its time what it had before.
foreach my $isolation ('read committed', 'repeatable read')
{
	my $leave = "SET default_transaction_isolation = '$isolation';\nSET arbiter.search_horizon = 0;\n" . <<"END" x 15;
SELECT 'claimed', reservation_id FROM arbiter_try_claim('$gang', '2090-02-01', '2090-03-01') WHERE granted;
SELECT 'left', count(*) FROM arbiter_evacuate_provider('node' || 1 + floor(random() * 5), timestamptz '2090-01-25' + floor(random() * 40) * interval '1 day', claimable => true);
SELECT 'claimed', reservation_id FROM arbiter_try_claim('{"resources": {"cpu": 2, "disk": 1}}', '2090-02-10', '2090-04-01') WHERE granted;
SELECT arbiter_move(reservation_id, timestamptz '2090-02-01' + floor(random() * 20) * interval '1 day') FROM arbiter_reservation WHERE status = 'confirmed' AND part = 1 ORDER BY random() LIMIT 1;
SELECT 'left', count(*) FROM arbiter_evacuate_provider('node' || 1 + floor(random() * 5), '2090-01-01', claimable => NULL);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE status = 'confirmed' ORDER BY random() LIMIT 1;
END
	my @sessions = map { start_psql($node, $leave, name => "client $_") } 1 .. $clients;
	my $label = "providers fail, $isolation";

	reap(@sessions);
	my $states = sqlstates(@sessions);
	my $left = 0;
	$left += $_ foreach map { $_->{stdout} =~ /^left\|(\d+)$/mg } @sessions;
	note "$label: $left pieces left; ", join ', ', map { "$states->{$_} x $_" } sort keys %$states;
	cmp_ok($left, '>', $isolation eq 'read committed' ? 100 : 10, "$label: they were left");
	# a move may find no place, and what it is about may be cancelled meanwhile
	is(join(', ', grep { !/^(?:RV001|RV002|RV008)$/ && !($_ eq '40001' && $isolation ne 'read committed') } sort keys %$states),
		'', "$label: no unexpected SQLSTATE");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM (
		SELECT FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
			CROSS JOIN LATERAL (SELECT sum(o.amount) AS n FROM arbiter_reservation o JOIN arbiter_resource q USING (resource_id)
				WHERE o.reservation_id = v.reservation_id AND q.resource_type = r.resource_type AND o.status = v.status AND o.during @> lower(v.during)) s
		WHERE v.status = 'confirmed' GROUP BY v.reservation_id, r.resource_type HAVING min(n) <> max(n)) w}),
		'0', "$label: claims have at all times what they had");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM (
		SELECT DISTINCT v.reservation_id, r.name FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id) WHERE v.status = 'confirmed') w
		FULL JOIN (SELECT DISTINCT reservation_id, (a->>'provider') || '.' || (a->>'resource_type') AS name FROM arbiter_claim c, jsonb_array_elements(allocations) a
			WHERE EXISTS (SELECT FROM arbiter_reservation v WHERE v.reservation_id = c.reservation_id AND v.status = 'confirmed')) x USING (reservation_id, name)
		WHERE w.name IS NULL OR x.name IS NULL}),
		'0', "$label: allocations name what rows are of");
	is_healthy($node, $label);
	is_log_clean($node, $label);
	$node->safe_psql('postgres', 'DELETE FROM arbiter_reservation; DELETE FROM arbiter_claim');
}

# Backends are killed while they claim, and make room for more.
my $victim = "BEGIN;\n" . claims('read committed', 'random', 5) . "COMMIT;\n"
  . (claims('read committed', 'random', 1)
	. "SELECT arbiter_cancel(max(reservation_id)) FROM arbiter_reservation WHERE status = 'confirmed';\n") x 300;
foreach my $round (1 .. 3)
{
	my @victims = map { start_psql($node, $victim, name => "victim $_") } 1 .. $clients;

	# they are at it: some of their claims are there
	$node->poll_query_until('postgres', 'SELECT count(*) >= 10 FROM arbiter_claim') or die 'no claims';
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'victim%'});
	reap(@victims);
	isnt(scalar(grep { $_->{stderr} =~ /57P01/ } @victims), 0, "round $round: some were killed");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM (
		SELECT reservation_id, count(*) AS n FROM arbiter_reservation GROUP BY 1) r
		FULL JOIN arbiter_claim USING (reservation_id) WHERE n IS DISTINCT FROM 3 OR request IS NULL}),
		'0', "round $round: no part of a claim is left");
	is_healthy($node, "round $round, killed");
	$node->safe_psql('postgres', 'DELETE FROM arbiter_reservation; DELETE FROM arbiter_claim');
}
is_log_clean($node, 'at the end', allow => qr/terminating connection/);
$node->stop;
done_testing();
