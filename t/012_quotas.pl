
# Many sessions of a few users under several quotas each, while quotas, members,
# prices and capacity change all the time: transactions of one call each meet no
# deadlock, what is left of quotas is what it should be, and nobody has more than
# he may.  RandomWork.pm tells what can be set.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $node = new_server('quotas', conf => $busy_conf);

# first and second always have a quota of 400 to 404
$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource(name, resource_type => type)
FROM (VALUES ('one', 'card'), ('two', 'card'), ('three', NULL)) v (name, type);
SELECT arbiter_set_capacity(name, '2030-01-01', '2060-01-01', 1000) FROM arbiter_resource;
SELECT arbiter_set_price(name, 2) FROM arbiter_resource;
SELECT arbiter_set_quota(u, 400) FROM unnest(ARRAY['first', 'second']) u;
SELECT arbiter_set_quota('third', 300, resource_type => 'card');
SELECT arbiter_set_quota(u, 200000, 'cost', tz => 'UTC') FROM unnest(ARRAY['first', 'second', 'third']) u;
SELECT arbiter_set_quota('lab', 700, subject_kind => 'group');
SELECT arbiter_set_quota('crew', 100000, 'unit_hours', subject_kind => 'group', tz => 'Europe/London');
SELECT arbiter_set_quota(g, 1000000, 'cost', 'quarter', subject_kind => 'group', tz => 'UTC') FROM unnest(ARRAY['lab', 'crew']) g;
SELECT arbiter_add_member(g, u) FROM unnest(ARRAY['first', 'second', 'third']) u, unnest(ARRAY['lab', 'crew']) g;
END

my $name = sub { return (qw(one two three))[ int(rand(3)) ]; };
my $user = sub { return (qw(first second third))[ int(rand(3)) ]; };
my $group = sub { return (qw(lab crew))[ int(rand(2)) ]; };
my $amount = sub { return 1 + int(rand(200)); };
my $range = sub { return random_days(1, 9000); };
my $times = sub { return join ', ', $range->(); };
my $request = sub {
	my ($from, $to) = $range->();
	return sprintf "jsonb_build_object('resource', '%s', 'start_time', %s, 'end_time', %s, 'amount', %d, 'user_id', '%s')",
	  $name->(), $from, $to, $amount->(), $user->();
};
my @kind = (
	[ 40, sub { return sprintf "SELECT 'granted', reservation_id FROM arbiter_try_reserve('%s', %s, %d, '%s') WHERE granted;", $name->(), $times->(), $amount->(), $user->(); } ],
	[ 15, sub {
		return sprintf "SELECT 'granted', arbiter_reserve_all('{\"one\": %d, \"two\": %d, \"three\": %d}', %s, '%s');",
		  map({ $amount->() } 1 .. 3), $times->(), $user->(); } ],
	[ 6, sub { return "SELECT 'granted', reservation_id FROM arbiter_reserve_many(jsonb_build_array(" . join(', ', map { $request->() } 1 .. 3) . ')) WHERE granted;'; } ],
	[ 30, sub { return 'SELECT arbiter_cancel(' . random_active() . ');'; } ],
	[ 4, sub { return 'SELECT arbiter_move(' . random_active() . ', ' . ($range->())[0] . ');'; } ],
	[ 3, sub { return 'SELECT arbiter_extend(' . random_active() . ', ' . ($range->())[1] . ');'; } ],
	[ 4, sub { return 'SELECT arbiter_transfer(' . random_active() . ", '" . $user->() . "');"; } ],
	# a raw row that is new: those who change one have it before they know its quotas
	[ 4, sub { return sprintf "INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (%d, tstzrange(%s), %d, '%s') RETURNING 'granted', reservation_id;", 1 + int(rand(3)), $times->(), $amount->(), $user->(); } ],
	[ 2, sub { return sprintf "SELECT arbiter_set_capacity('%s', %s, %d);", $name->(), $times->(), 800 + int(rand(400)); } ],
	# of a quota, a limit changes, or the quota
	[ 3, sub { return sprintf "SELECT 'changed', arbiter_set_quota('%s', %d);", (qw(first second))[ int(rand(2)) ], 400 + int(rand(5)); } ],
	[ 2, sub { return sprintf "SELECT 'changed', arbiter_set_quota('lab', %d, subject_kind => 'group', start_time => %s, end_time => %s);", 650 + int(rand(100)), $range->(); } ],
	[ 2, sub { return "SELECT 'changed', arbiter_set_quota('third', 300, resource_type => 'card');"; } ],
	[ 2, sub { return "SELECT arbiter_drop_quota('third', resource_type => 'card');"; } ],
	[ 6, sub { return sprintf "SELECT 'changed', arbiter_add_member('%s', '%s') IS NOT NULL;", $group->(), $user->(); } ],
	[ 3, sub { return sprintf "SELECT arbiter_drop_member('%s', '%s');", $group->(), $user->(); } ],
	# all budgets are derived anew then
	[ 4, sub { return sprintf "SELECT 'changed', arbiter_set_price('%s', %d, %s) IS NOT NULL;", $name->(), 1 + int(rand(4)), $times->(); } ],
	[ 1, sub { return sprintf "SELECT arbiter_alter_resource('three', %s);", rand() < 0.5 ? "resource_type => 'card'" : "clear => '{resource_type}'"; } ],
	[ 1, sub { return 'SELECT arbiter_rebuild_quota(quota_id) FROM arbiter_quota ORDER BY random() LIMIT 1;'; } ]);

random_rounds(
	$node,
	kinds => \@kind,
	allowed => [qw(22004 22023 42704 RV001 RV002 RV003 RV008 RV010 RV011)],
	often => { granted => 10, changed => 2 },
	after => sub {
		my ($label) = @_;

		is($node->safe_psql('postgres', <<'END'), '', "$label: no user has more than he may");
SELECT user_id, instant, taken
FROM (SELECT user_id, instant, sum(sum(amount)) OVER (PARTITION BY user_id ORDER BY instant) AS taken
	FROM (SELECT user_id, lower(during) AS instant, amount FROM arbiter_reservation WHERE status = 'confirmed'
		UNION ALL
		SELECT user_id, upper(during), - amount FROM arbiter_reservation WHERE status = 'confirmed') e
	GROUP BY user_id, instant) s
WHERE user_id IN ('first', 'second') AND taken > 404
END
	});

$node->stop;
done_testing();
