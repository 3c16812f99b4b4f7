
# Many sessions that take shares of a capacity which changes all the time, and of
# what is sublet of such shares: transactions of one call each meet no deadlock,
# nothing is oversold, no share is anything but its share, and no session is told
# otherwise.
#
# ARBITER_SEED repeats a run's statements; ARBITER_SECONDS (default 4) is how
# long each round lasts, ARBITER_CLIENTS (default 8) how many sessions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{ARBITER_SECONDS} // 4;
my $clients = $ENV{ARBITER_CLIENTS} // 8;
my $seed = $ENV{ARBITER_SEED} // time;
my $node = new_server('shares',
	conf => "autovacuum_naptime = 1s\ndeadlock_timeout = 50ms\nstatement_timeout = 60s\nmax_pred_locks_per_transaction = 1000\n");

note "seed $seed";
$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('one');
SELECT arbiter_set_capacity('one', '2030-01-01', '2030-07-01', 1000);
SELECT arbiter_sublet(arbiter_reserve_share('one', 40, '2030-01-01', '2030-07-01'), 'two');
SELECT arbiter_sublet(arbiter_reserve_share('two', 40, '2030-01-01', '2030-07-01'), 'three');
END

sub script
{
	my ($seed, $isolation) = @_;
	my $script = "SET default_transaction_isolation = '$isolation';\nSET arbiter.search_horizon = 0;\n"
	  . "SELECT clock_timestamp() + interval '$seconds s' AS deadline \\gset\n";

	srand($seed);
	my $name = sub { return (qw(one two three))[ int(rand(3)) ]; };
	# a few days, or months: several chunks
	my $range = sub {
		my $from = 1 + int(rand(170));
		my $to = $from + 1 + (rand() < 0.2 ? int(rand(60)) : int(rand(6)));
		return map { "timestamptz '2030-01-01' + interval '$_ days'" } ($from, $to);
	};
	my $times = sub { return join ', ', $range->(); };
	my $share = sub { return (2, 5, 10, 12.5, 20, 33.33)[ int(rand(6)) ]; };
	# one of those there are, an old one or a new one, but none that was sublet
	my $id = sub {
		return sprintf "(SELECT reservation_id FROM (SELECT reservation_id FROM arbiter_reservation WHERE status IN ('held', 'confirmed')"
		  . ' AND reservation_id > 2 AND part = 1 ORDER BY reservation_id %s OFFSET %d LIMIT 1) v)', rand() < 0.5 ? 'DESC' : '', int(rand(20));
	};
	my @kind = (
		[ 25, sub { return sprintf "SELECT 'granted', reservation_id FROM arbiter_try_reserve_share('%s', %s, %s) WHERE granted;", $name->(), $share->(), $times->(); } ],
		[ 8, sub { return sprintf "SELECT 'granted', reservation_id FROM arbiter_try_reserve_share('%s', %s, %s, ttl => '1 ms') WHERE granted;", $name->(), $share->(), $times->(); } ],
		[ 8, sub { return sprintf "SELECT arbiter_reserve('%s', %s, %d);", $name->(), $times->(), 1 + int(rand(20)); } ],
		[ 25, sub { return 'SELECT arbiter_cancel(' . $id->() . ');'; } ],
		[ 3, sub { return 'SELECT arbiter_confirm(' . $id->() . ');'; } ],
		[ 5, sub { return 'SELECT arbiter_move(' . $id->() . ', ' . ($range->())[0] . ');'; } ],
		[ 4, sub { return 'SELECT arbiter_extend(' . $id->() . ', ' . ($range->())[1] . ');'; } ],
		[ 3, sub { return 'SELECT arbiter_truncate(' . $id->() . ', ' . ($range->())[0] . ');'; } ],
		[ 5, sub { return 'SELECT arbiter_resize_share(' . $id->() . ', ' . $share->() . ');'; } ],
		[ 1, sub { return 'SELECT arbiter_transfer(' . $id->() . ", 'heir');"; } ],
		[ 12, sub { return sprintf "SELECT 'changed', arbiter_set_capacity('one', %s, %d) IS NOT NULL;", $times->(), 500 + int(rand(1500)); } ],
		[ 3, sub { return sprintf "SELECT 'changed', arbiter_add_capacity('one', %s, %d) IS NOT NULL;", $times->(), int(rand(200)) - 50; } ],
		# plain SQL has rows without their resource; one each, because it locks several in any order
		[ 4, sub { return 'UPDATE arbiter_reservation SET status = \'cancelled\' WHERE part = 1 AND reservation_id = ' . $id->() . ';'; } ],
		[ 3, sub { return 'UPDATE arbiter_reservation SET user_id = \'raw\' WHERE part = 1 AND reservation_id = ' . (1 + int(rand(2))) . ';'; } ],
		[ 2, sub { return 'DELETE FROM arbiter_reservation WHERE part = 1 AND reservation_id = ' . $id->() . ';'; } ],
		[ 2, sub { return 'SELECT count(*) FROM (SELECT FROM arbiter_reservation WHERE share IS NOT NULL ORDER BY random() LIMIT 1 FOR UPDATE) v;'; } ],
		[ 0.5, sub { return "SELECT arbiter_rebuild('" . $name->() . "');"; } ],
		[ 1, sub { return "SELECT 'check', count(*) FROM arbiter_check();\nSELECT 'conflicts', count(*) FROM arbiter_conflicts();"; } ]);
	my $total = 0;
	$total += $_->[0] foreach @kind;

	foreach my $number (1 .. 2000 * $seconds)
	{
		my $pick = rand($total);
		my $which = 0;

		$pick -= $kind[ $which++ ]->[0] while $pick >= $kind[$which]->[0];
		$script .= $kind[$which]->[1]->() . "\n";
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n\\if :done\n\\q\n\\endif\n" if $number % 20 == 0;
	}
	return $script;
}

my %expected = map { $_ => 1 } qw(22004 RV001 RV002 RV003 RV005 RV008 RV009 RV011 55000);
foreach my $isolation ('read committed', 'repeatable read', 'serializable')
{
	my @sessions = map { start_psql($node, script($seed + 100 * length($isolation) + $_, $isolation), name => "client $_") } 1 .. $clients;

	reap(@sessions);
	my $states = sqlstates(@sessions);
	my ($granted, $changed, @alarm) = (0, 0);
	foreach my $session (@sessions)
	{
		$granted += () = $session->{stdout} =~ /^granted\|\d/mg;
		$changed += () = $session->{stdout} =~ /^changed\|/mg;
		push @alarm, $session->{stdout} =~ /^((?:check|conflicts)\|[1-9]\d*)$/mg;
	}

	note "$granted granted, $changed changes of capacity; ", join ', ', map { "$states->{$_} x $_" } sort keys %$states;
	cmp_ok($granted, '>', 5 * $seconds, "$isolation: many were granted");
	cmp_ok($changed, '>', 2 * $seconds, "$isolation: capacity changed often");
	is(join(', ', grep { !$expected{$_} && !($_ eq '40001' && $isolation ne 'read committed') } sort keys %$states),
		'', "$isolation: no unexpected SQLSTATE");
	is("@alarm", '', "$isolation: no alarm meanwhile");
	cmp_ok($node->safe_psql('postgres', "SELECT max(part) FROM arbiter_reservation WHERE status = 'confirmed'"),
		'>', 5, "$isolation: shares are of many parts");
	is_healthy($node, $isolation);
	is_log_clean($node, $isolation);
}

$node->stop;
done_testing();
