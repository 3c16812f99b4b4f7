
# Many sessions that take shares of a capacity which changes all the time, and of
# what is sublet of such shares: transactions of one call each meet no deadlock,
# nothing is oversold, no share is anything but its share, and no session is told
# otherwise.  RandomWork.pm tells what can be set.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $node = new_server('shares', conf => $busy_conf);

$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('one');
SELECT arbiter_set_capacity('one', '2030-01-01', '2030-07-01', 1000);
SELECT arbiter_sublet(arbiter_reserve_share('one', 40, '2030-01-01', '2030-07-01'), 'two');
SELECT arbiter_sublet(arbiter_reserve_share('two', 40, '2030-01-01', '2030-07-01'), 'three');
END

my $name = sub { return (qw(one two three))[ int(rand(3)) ]; };
my $range = sub { return random_days(1, 170); };
my $times = sub { return join ', ', $range->(); };
my $share = sub { return (2, 5, 10, 12.5, 20, 33.33)[ int(rand(6)) ]; };
# none that was sublet
my $id = sub { return random_active('reservation_id > 2 AND part = 1'); };
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
	[ 0.5, sub { return "SELECT arbiter_rebuild('" . $name->() . "');"; } ]);

random_rounds(
	$node,
	kinds => \@kind,
	allowed => [qw(22004 RV001 RV002 RV003 RV005 RV008 RV009 RV011 55000)],
	often => { granted => 5, changed => 2 },
	after => sub {
		my ($label) = @_;

		cmp_ok($node->safe_psql('postgres', "SELECT max(part) FROM arbiter_reservation WHERE status = 'confirmed'"),
			'>', 5, "$label: shares are of many parts");
	});

$node->stop;
done_testing();
