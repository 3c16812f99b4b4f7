
# Many sessions that fight over holds which expire all the time, in a few
# resources over many months: transactions of one call each meet no deadlock,
# nothing is oversold, and no session is told of capacity that is not there.
# RandomWork.pm tells what can be set.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $node = new_server('holds', conf => $busy_conf);

$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('one');
SELECT arbiter_create_resource('two', float_percent => 20);
SELECT arbiter_create_resource('three', setup_time => '1 day');
SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 6) FROM arbiter_resource;
END

my $name = sub { return (qw(one two three))[ int(rand(3)) ]; };
my $range = sub { return random_days(2, 300); };
my $times = sub { return join ', ', $range->(); };
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
	[ 6, sub { return 'SELECT reservation_id FROM arbiter_swap(ARRAY[' . random_active() . ', ' . random_active() . '], jsonb_build_array(' . $request->() . ', ' . $request->() . ')) s;'; } ],
	[ 30, sub { return 'SELECT arbiter_cancel(' . random_active() . ');'; } ],
	[ 5, sub { return 'SELECT arbiter_confirm(' . random_active() . ');'; } ],
	[ 5, sub { return 'SELECT arbiter_move(' . random_active() . ', ' . ($range->())[0] . ');'; } ],
	[ 3, sub { return 'SELECT arbiter_extend(' . random_active() . ', ' . ($range->())[1] . ');'; } ],
	[ 3, sub { return 'SELECT arbiter_resize(' . random_active() . ', ' . (1 + int(rand(4))) . ", '" . $name->() . "');"; } ],
	[ 4, sub { return "SELECT 'marked', arbiter_expire(" . int(rand(20)) . ');'; } ],
	[ 5, sub { return sprintf "SELECT arbiter_set_capacity('%s', %s, %d);", $name->(), $times->(), 3 + int(rand(6)); } ],
	[ 5, sub {
		return 'INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES '
		  . join(', ', map { sprintf '(%d, tstzrange(%s), %d)', 1 + int(rand(3)), $times->(), 1 + int(rand(3)) } 1 .. 3) . ';'; } ],
	# what has expired is moved, renewed or deleted by hand
	[ 3, sub { return sprintf "UPDATE arbiter_reservation SET during = tstzrange(%s) WHERE reservation_id = $dead;", $times->(), int(rand(5)); } ],
	[ 3, sub { return sprintf "UPDATE arbiter_reservation SET expires_at = 'infinity' WHERE reservation_id = $dead;", int(rand(5)); } ],
	[ 3, sub { return sprintf "DELETE FROM arbiter_reservation WHERE reservation_id = $dead;", int(rand(5)); } ],
	[ 0.5, sub { return "SELECT arbiter_rebuild('" . $name->() . "');"; } ]);

random_rounds(
	$node,
	kinds => \@kind,
	allowed => [qw(22004 RV001 RV002 RV003 RV008 RV009 RV011 22023)],
	often => { held => 10, granted => 10 },
	after => sub {
		my ($label, $count) = @_;

		cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM arbiter_reservation WHERE status = 'expired'"),
			'>', $count->{held} / 10, "$label: many made room");
		$node->safe_psql('postgres',
			"DELETE FROM arbiter_reservation; SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 6) FROM arbiter_resource");
	});

$node->stop;
done_testing();
