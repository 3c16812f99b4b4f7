
# Many sessions at random at each isolation level: afterwards, and meanwhile,
# the timeline is what capacity and reservations say, and nothing is oversold.
# And the checker that says so sees each kind of damage.
#
# ARBITER_SEED repeats a run's statements; ARBITER_SECONDS (default 3) is how
# long each round lasts, ARBITER_ROUNDS (default 6) how many there are,
# ARBITER_CLIENTS (default 6) how many sessions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $seconds = $ENV{ARBITER_SECONDS} // 3;
my $rounds = $ENV{ARBITER_ROUNDS} // 6;
my $clients = $ENV{ARBITER_CLIENTS} // 6;
my $seed = $ENV{ARBITER_SEED} // time;
my $node = new_server('concurrent',
	conf => "${busy_conf}deadlock_timeout = 200ms\n");

note "seed $seed";
create_mix_resources($node);

# The checker sees each kind of damage, and goes quiet when it is undone.
my $some = "(SELECT max(ends) FROM arbiter_timeline WHERE resource_id = 2 AND cardinality(steps) > 6)";
my %damage = (
	'a base changed' => "UPDATE arbiter_timeline SET base = base + 1 WHERE resource_id = 2 AND ends = $some",
	'a step changed' => "UPDATE arbiter_timeline SET steps[4] = steps[4] + 1 WHERE resource_id = 2 AND ends = $some",
	'a step moved' => "UPDATE arbiter_timeline SET steps[3] = steps[3] + 1 WHERE resource_id = 2 AND ends = $some",
	'a step forgotten' => "UPDATE arbiter_timeline SET steps = steps[:cardinality(steps) - 2] WHERE resource_id = 2 AND ends = $some",
	'steps out of order' => "UPDATE arbiter_timeline SET steps[3] = steps[1] - 5 WHERE resource_id = 2 AND ends = $some",
	'a minimum too large' => "UPDATE arbiter_timeline SET minimum = minimum + 1 WHERE resource_id = 2 AND ends = $some",
	'a maximum too small' => "UPDATE arbiter_timeline SET maximum = maximum - 1 WHERE resource_id = 2 AND ends = $some",
	'a chunk lost' => "DELETE FROM arbiter_timeline WHERE resource_id = 2 AND ends = $some",
	'a chunk of nobody' => "UPDATE arbiter_timeline SET resource_id = 99 WHERE resource_id = 2 AND ends = $some",
	'a chunk of another' => "UPDATE arbiter_timeline SET resource_id = 1, ends = ends + interval '1 us'
		WHERE resource_id = 2 AND ends = $some",
	'an end beside the range' => "UPDATE arbiter_timeline SET ends = ends + interval '1 us' WHERE resource_id = 2 AND ends = $some",
	'an anchor lost' => "DELETE FROM arbiter_timeline WHERE resource_id = 2 AND ends = '-infinity'",
	'a reservation behind the guard' => "SET LOCAL session_replication_role = replica;
		ALTER TABLE arbiter_reservation DISABLE TRIGGER arbiter_replica;
		INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (2, '[2030-02-02,2030-02-03)', 1)",
	'a reservation that grew behind the guard' => "SET LOCAL session_replication_role = replica;
		ALTER TABLE arbiter_reservation DISABLE TRIGGER arbiter_replica;
		UPDATE arbiter_reservation SET amount = amount + 1 WHERE (reservation_id, part) =
			(SELECT reservation_id, part FROM arbiter_reservation WHERE status = 'confirmed' LIMIT 1)",
	'capacity behind the guard' => "SET LOCAL session_replication_role = replica;
		ALTER TABLE arbiter_capacity DISABLE TRIGGER arbiter_replica;
		UPDATE arbiter_capacity SET amount = amount + 1 WHERE resource_id = 2",
	'a reservation of nobody' => "SET LOCAL session_replication_role = replica;
		ALTER TABLE arbiter_reservation DISABLE TRIGGER arbiter_replica;
		INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES (99, '[2030-02-02,2030-02-03)', 1)",
	'a schedule of nobody' => "SET LOCAL session_replication_role = replica;
		ALTER TABLE arbiter_capacity DISABLE TRIGGER arbiter_replica;
		INSERT INTO arbiter_capacity VALUES (99, '[2030-02-02,2030-02-03)', 1)");

$node->safe_psql('postgres', <<'END');
SELECT arbiter_reserve('wide', start, start + interval '3 hours', 1 + n % 3)
FROM generate_series(0, 200) n, LATERAL (SELECT timestamptz '2030-01-01' + n * interval '43 hours') s (start);
SELECT arbiter_reserve('hot', '2030-01-01 10:00', '2030-01-01 12:00', 5);
END
foreach my $kind (sort keys %damage)
{
	my $found = $node->safe_psql('postgres',
		"BEGIN; $damage{$kind}; SELECT 'check', count(*) > 0 FROM arbiter_check(); ROLLBACK");

	is($found, 'check|t', "arbiter_check sees $kind");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM arbiter_check()'), '0', 'and nothing else');

# arbiter_rebuild repairs, arbiter_conflicts sees what was oversold.
$node->safe_psql('postgres', $damage{'a step changed'});
isnt($node->safe_psql('postgres', "SELECT count(*) FROM arbiter_check('wide')"), '0', 'damaged for good');
$node->safe_psql('postgres', "SELECT arbiter_rebuild('wide')");
is_healthy($node, 'repaired');
$node->safe_psql('postgres', "SET session_replication_role = replica;
	INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount)
	VALUES (0, 2, '[2030-02-02,2030-02-03)', 1000)");
isnt($node->safe_psql('postgres', 'SELECT count(*) FROM arbiter_conflicts()'),
	'0', 'arbiter_conflicts sees an oversold window');
isnt(not_oversold($node), '', 'so does the plain sweep');
$node->safe_psql('postgres', 'DELETE FROM arbiter_reservation WHERE reservation_id = 0');
is_healthy($node, 'no longer oversold');

# What a statement of the mix may end with.
my @expected = qw(RV001 RV002 RV003 RV005 RV007 RV008 RV009 RV011 22023 42704 42710 2BP01);
my @level = ('read committed', 'repeatable read', 'serializable');

foreach my $round (1 .. $rounds)
{
	my $level = $level[ ($round - 1) % 3 ];

	# first without transactions of several calls, then with
	my $several = int(($round - 1) / 3) % 2;
	my $label = "round $round, $level" . ($several ? ', several calls' : '');
	my @sessions = map {
		start_psql(
			$node,
			random_mix(
				seed => $seed + 1000 * $round + $_,
				statements => 2000 * $seconds,
				seconds => $seconds,
				isolation => $level,
				several => $several,
				check => $_ == 1),
			name => "client $_")
	} 1 .. $clients;
	my ($count, $states) = judge_sessions($node, $label, \@sessions,
		isolation => $level,
		allowed => [ @expected, $several ? qw(40P01 25P02 3B001) : () ],
		often => { granted => 20 * $seconds, held => 3 * $seconds });

	cmp_ok($states->{RV001}, '>', 0, "$label: some were refused");
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM arbiter_reservation WHERE status = 'expired'"),
		'>', $count->{held} / 10, "$label: holds were marked expired");

	# derived anew, it is the same
	outlive_holds($node);
	my $before = timeline_text($node);
	$node->safe_psql('postgres', 'SELECT arbiter_rebuild(name) FROM arbiter_resource');
	is(timeline_text($node), $before, "$label: the same once derived anew");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM arbiter_check()'),
		'0', "$label: and healthy");
}

$node->stop;
done_testing();
