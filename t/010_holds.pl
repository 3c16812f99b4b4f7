
# Many sessions that fight over holds which expire all the time, in a few
# resources over many months: transactions of one call each meet no deadlock,
# nothing is oversold, and no session is told of capacity that is not there.
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
my $node = new_server('holds',
	conf => "autovacuum_naptime = 1s\ndeadlock_timeout = 50ms\nstatement_timeout = 60s\nmax_pred_locks_per_transaction = 1000\n");

note "seed $seed";
$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('one');
SELECT arbiter_create_resource('two', float_percent => 20);
SELECT arbiter_create_resource('three', setup_time => '1 day');
SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 6) FROM arbiter_resource;
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
		my $from = 2 + int(rand(300));
		my $to = $from + 1 + (rand() < 0.3 ? int(rand(60)) : int(rand(5)));
		return map { "timestamptz '2030-01-01' + interval '$_ days'" } ($from, $to);
	};
	my $times = sub { return join ', ', $range->(); };
	# one of those there are, an old one or a new one
	my $id = sub {
		return sprintf "(SELECT reservation_id FROM (SELECT reservation_id FROM arbiter_reservation WHERE status IN ('held', 'confirmed')"
		  . ' ORDER BY reservation_id %s OFFSET %d LIMIT 1) v)', rand() < 0.5 ? 'DESC' : '', int(rand(20));
	};
	my $dead = "(SELECT reservation_id FROM arbiter_reservation WHERE status = 'held' AND expires_at <= clock_timestamp() OFFSET %d LIMIT 1)";
	my $request = sub {
		my ($from, $to) = $range->();
		return sprintf "jsonb_build_object('resource', '%s', 'start_time', %s, 'end_time', %s, 'amount', %d)",
		  $name->(), $from, $to, 1 + int(rand(4));
	};
	my @kind = (
		[ 30, sub { return sprintf "SELECT 'held', arbiter_hold('%s', %s, %d, '1 ms');", $name->(), $times->(), 1 + int(rand(4)); } ],
		[ 15, sub { return sprintf "SELECT 'granted', reservation_id FROM arbiter_try_reserve('%s', %s, %d) WHERE granted;", $name->(), $times->(), 1 + int(rand(5)); } ],
		[ 10, sub {
			return sprintf "SELECT 'granted', reservation_id FROM arbiter_try_reserve_all('{\"one\": %d, \"two\": %d, \"three\": %d}', %s) WHERE granted;",
			  map({ 1 + int(rand(4)) } 1 .. 3), $times->(); } ],
		[ 6, sub { return "SELECT 'granted', reservation_id FROM arbiter_reserve_many(jsonb_build_array(" . join(', ', map { $request->() } 1 .. 3) . ')) WHERE granted;'; } ],
		[ 6, sub { return 'SELECT reservation_id FROM arbiter_swap(ARRAY[' . $id->() . ', ' . $id->() . '], jsonb_build_array(' . $request->() . ', ' . $request->() . ')) s;'; } ],
		[ 30, sub { return 'SELECT arbiter_cancel(' . $id->() . ');'; } ],
		[ 5, sub { return 'SELECT arbiter_confirm(' . $id->() . ');'; } ],
		[ 5, sub { return 'SELECT arbiter_move(' . $id->() . ', ' . ($range->())[0] . ');'; } ],
		[ 3, sub { return 'SELECT arbiter_extend(' . $id->() . ', ' . ($range->())[1] . ');'; } ],
		[ 3, sub { return 'SELECT arbiter_resize(' . $id->() . ', ' . (1 + int(rand(4))) . ", '" . $name->() . "');"; } ],
		[ 4, sub { return "SELECT 'marked', arbiter_expire(" . int(rand(20)) . ');'; } ],
		[ 5, sub { return sprintf "SELECT arbiter_set_capacity('%s', %s, %d);", $name->(), $times->(), 3 + int(rand(6)); } ],
		[ 5, sub {
			return 'INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES '
			  . join(', ', map { sprintf '(%d, tstzrange(%s), %d)', 1 + int(rand(3)), $times->(), 1 + int(rand(3)) } 1 .. 3) . ';'; } ],
		# what has expired is moved, renewed or deleted by hand
		[ 3, sub { return sprintf "UPDATE arbiter_reservation SET during = tstzrange(%s) WHERE reservation_id = $dead;", $times->(), int(rand(5)); } ],
		[ 3, sub { return sprintf "UPDATE arbiter_reservation SET expires_at = 'infinity' WHERE reservation_id = $dead;", int(rand(5)); } ],
		[ 3, sub { return sprintf "DELETE FROM arbiter_reservation WHERE reservation_id = $dead;", int(rand(5)); } ],
		[ 0.5, sub { return "SELECT arbiter_rebuild('" . $name->() . "');"; } ],
		[ 1, sub { return "SELECT 'check', count(*) FROM arbiter_check();\nSELECT 'conflicts', count(*) FROM arbiter_conflicts();"; } ]);
	my $total = 0;
	$total += $_->[0] foreach @kind;

	foreach my $number (1 .. 4000 * $seconds)
	{
		my $pick = rand($total);
		my $which = 0;

		$pick -= $kind[ $which++ ]->[0] while $pick >= $kind[$which]->[0];
		$script .= $kind[$which]->[1]->() . "\n";
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n\\if :done\n\\q\n\\endif\n" if $number % 20 == 0;
	}
	return $script;
}

my %expected = map { $_ => 1 } qw(22004 RV001 RV002 RV003 RV008 RV009 RV011 22023);
foreach my $isolation ('read committed', 'repeatable read', 'serializable')
{
	my @sessions = map { start_psql($node, script($seed + 100 * length($isolation) + $_, $isolation), name => "client $_") } 1 .. $clients;

	reap(@sessions);
	my $states = sqlstates(@sessions);
	my ($held, $granted, @alarm) = (0, 0);
	foreach my $session (@sessions)
	{
		$held += () = $session->{stdout} =~ /^held\|\d/mg;
		$granted += () = $session->{stdout} =~ /^granted\|\d/mg;
		push @alarm, $session->{stdout} =~ /^((?:check|conflicts)\|[1-9]\d*)$/mg;
	}
	my $marked = $node->safe_psql('postgres', "SELECT count(*) FROM arbiter_reservation WHERE status = 'expired'");

	note "$held held, $granted granted, $marked marked; ", join ', ', map { "$states->{$_} x $_" } sort keys %$states;
	cmp_ok($held, '>', 10 * $seconds, "$isolation: many were held");
	cmp_ok($granted, '>', 10 * $seconds, "$isolation: many were granted");
	cmp_ok($marked, '>', $held / 10, "$isolation: many made room");
	is(join(', ', grep { !$expected{$_} && !($_ eq '40001' && $isolation ne 'read committed') } sort keys %$states),
		'', "$isolation: no unexpected SQLSTATE");
	is("@alarm", '', "$isolation: no alarm meanwhile");
	is_healthy($node, $isolation);
	is_log_clean($node, $isolation);
	$node->safe_psql('postgres', "DELETE FROM arbiter_reservation; SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 6) FROM arbiter_resource");
}

$node->stop;
done_testing();
