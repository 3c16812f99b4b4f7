
# Logical replication FOR ALL TABLES: publishing the derived timeline does not
# stop the publisher, and what a subscriber derives itself is never stale.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;

my $publisher = new_server('publisher', streaming => 'logical');
my $subscriber = new_server('subscriber', streaming => 'logical');

create_mix_resources($publisher);
$publisher->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('fixed');
SELECT arbiter_set_capacity('fixed', '2030-01-01', '2031-01-01', 8);
SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 5);
SELECT arbiter_reserve('hot', '2030-01-01 10:00', '2030-01-01 12:00', 5);
SELECT arbiter_reserve('wide', '2030-02-01', '2030-10-01', 5);
SELECT arbiter_cancel(arbiter_reserve('wide', '2030-02-05', '2030-10-01', 5));
SELECT arbiter_set_quota('limited', 4, resource => 'fixed');
SELECT arbiter_set_quota('crew', 900, 'unit_hours', subject_kind => 'group', tz => 'Europe/London');
SELECT arbiter_add_member('crew', 'limited');
CREATE PUBLICATION everything FOR ALL TABLES;
END
my $connstr = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION copy CONNECTION '$connstr' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 'copy');

# Both sides show the same timelines; the subscriber has applied everything.
sub check_same
{
	my ($label) = @_;

	$publisher->wait_for_catchup('copy');
	is(timeline_text($subscriber), timeline_text($publisher), "$label: the same timelines");
	is_healthy($publisher, "$label, publisher");
	is_healthy($subscriber, "$label, subscriber");
	return;
}

# What quotas have left, on both sides.
sub check_quotas
{
	my ($label) = @_;
	my $sql = q{SELECT q.subject, t.* FROM arbiter_quota q,
		arbiter_quota_timeline(q.quota_id, '2030-07-01', '2030-10-01') t ORDER BY 1, 2};

	$publisher->wait_for_catchup('copy');
	is($subscriber->safe_psql('postgres', $sql), $publisher->safe_psql('postgres', $sql),
		"$label: quotas have the same left");
	is_healthy($subscriber, "$label, quotas of the subscriber");
	return;
}

sub built
{
	my ($name) = @_;

	return $subscriber->safe_psql('postgres', qq{SELECT count(*) > 0 FROM arbiter_timeline
		WHERE resource_id = (SELECT resource_id FROM arbiter_resource WHERE name = '$name')});
}

check_same('first copy');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM arbiter_timeline'),
	'0', "the publisher's timeline is not applied");

# Every kind of change on the publisher, on chunks that exist already.
my @change = (
	"SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 1)",
	"SELECT arbiter_reserve('fixed', '2030-03-01 06:00', '2030-09-02', 1)",
	'SELECT arbiter_cancel(1)',
	q{INSERT INTO arbiter_reservation (resource_id, during, amount)
		SELECT resource_id, '[2030-03-01,2030-03-05)', 3 FROM arbiter_resource WHERE name = 'fixed'},
	q{UPDATE arbiter_reservation SET during = '[2030-03-02,2030-03-06)', amount = 4 WHERE amount = 3},
	q{UPDATE arbiter_reservation SET resource_id =
		(SELECT resource_id FROM arbiter_resource WHERE name = 'grain') WHERE amount = 4},
	q{UPDATE arbiter_reservation SET resource_id =
		(SELECT resource_id FROM arbiter_resource WHERE name = 'fixed') WHERE amount = 4},
	q{DELETE FROM arbiter_reservation WHERE amount = 4},
	"SELECT arbiter_set_capacity('fixed', '2030-05-01', '2030-06-01', 20)",
	"SELECT arbiter_add_capacity('fixed', '2030-05-10', '2030-07-01', -1)",
	"SELECT arbiter_set_capacity('fixed', '2030-12-01', '2030-12-05', NULL)",
	"UPDATE arbiter_capacity SET amount = amount + 1 WHERE amount = 20",
	q{SELECT arbiter_reserve_all('{"fixed": 1, "hot": 2}', '2030-01-01 04:00', '2030-01-01 05:00')},
	"SELECT arbiter_rebuild('fixed')",
	"SELECT arbiter_load_schedule('grain', '{{1893456000,1901232000,40}}')",
	q{COPY arbiter_reservation (resource_id, during, amount) FROM PROGRAM
		'echo "1;[2030-01-01 01:00+00,2030-01-01 03:00+00);2"' (DELIMITER ';')},
	'VACUUM FULL arbiter_timeline');
foreach my $sql (@change)
{
	my ($state, $message) = sqlstate_of($publisher, $sql);

	is($state, '00000', "publisher: $sql") or diag $message;
}
check_same('after changes');

# Built on the subscriber by hand, by a reservation and by a raw row; each time
# more is applied, and then it is not stale.
my %build = (
	'arbiter_rebuild' => "SELECT arbiter_rebuild('fixed')",
	'a reservation' => "SELECT setval('arbiter_reservation_id_seq', nextval('arbiter_reservation_id_seq') + 1000000000);
		SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 1)",
	'a raw row' => q{INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount)
		SELECT nextval('arbiter_reservation_id_seq') + 1000000000, resource_id, '[2030-03-01,2030-03-05)', 1
		FROM arbiter_resource WHERE name = 'fixed'});
my @apply = (
	"SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 1)",
	"SELECT arbiter_cancel(max(reservation_id)) FROM arbiter_reservation WHERE status = 'confirmed' AND amount = 1",
	"SELECT arbiter_set_capacity('fixed', '2030-03-01', '2030-04-01', 30)",
	"UPDATE arbiter_reservation SET during = '[2030-04-01,2030-04-09)' WHERE resource_id =
		(SELECT resource_id FROM arbiter_resource WHERE name = 'fixed') AND status = 'confirmed'",
	"DELETE FROM arbiter_reservation WHERE status = 'cancelled'");
foreach my $by (sort keys %build)
{
	foreach my $sql (@apply)
	{
		$subscriber->safe_psql('postgres', $build{$by});
		is(built('fixed'), 't', "built on the subscriber by $by");
		is_healthy($subscriber, "built by $by");
		$publisher->safe_psql('postgres', $sql);
		$publisher->wait_for_catchup('copy');
		is_healthy($subscriber, "built by $by, then applied: " . substr($sql, 0, 40));
		$subscriber->safe_psql('postgres',
			'DELETE FROM arbiter_reservation WHERE reservation_id > 1000000000');
		is(timeline_text($subscriber), timeline_text($publisher), 'the same timelines');
	}
}

# Quotas that are built on the subscriber are not stale either, whatever is applied.
check_quotas('first copy');
foreach my $sql (
	"SELECT arbiter_reserve('fixed', '2030-08-01', '2030-08-05', 1, 'limited')",
	"SELECT arbiter_reserve('fixed', '2030-08-02', '2030-08-04', 2, 'limited')",
	"UPDATE arbiter_reservation SET amount = 2 WHERE user_id = 'limited' AND amount = 1",
	"SELECT arbiter_transfer(min(reservation_id), 'member') FROM arbiter_reservation WHERE user_id = 'limited'",
	"SELECT arbiter_add_member('crew', 'member')",
	"SELECT arbiter_set_quota('limited', 7, resource => 'fixed', start_time => '2030-08-03')",
	"SELECT arbiter_set_quota('member', 100, 'unit_hours', 'week', tz => 'UTC')",
	"SELECT arbiter_alter_resource('fixed', resource_type => 'of a type')",
	"SELECT arbiter_set_quota('member', 9, resource_type => 'of a type')",
	"SELECT arbiter_alter_resource('fixed', clear => '{resource_type}')",
	"SELECT arbiter_set_price('fixed', 0.5, '2030-08-02', '2030-08-03')",
	"SELECT arbiter_set_quota('member', 100, 'cost', tz => 'UTC')",
	"SELECT arbiter_set_price('fixed', 0.75, '2030-08-01')",
	"UPDATE arbiter_price SET price = 1.5",
	"DELETE FROM arbiter_price",
	"INSERT INTO arbiter_price SELECT resource_id, '(,)', 2 FROM arbiter_resource WHERE name = 'fixed'",
	"TRUNCATE arbiter_price",
	"SELECT arbiter_drop_member('crew', 'limited')",
	"DELETE FROM arbiter_reservation WHERE user_id = 'limited'")
{
	$subscriber->safe_psql('postgres', 'SELECT arbiter_rebuild_quota(quota_id) FROM arbiter_quota');
	$publisher->safe_psql('postgres', $sql);
	check_quotas($sql);
}
is(sqlstate_of($subscriber, q{SELECT arbiter_reserve('fixed', '2030-08-02', '2030-08-03', 3, 'member')}),
	'RV010', 'a quota holds on the subscriber');
$publisher->safe_psql('postgres', q{
	SELECT arbiter_drop_quota('limited', resource => 'fixed');
	SELECT arbiter_drop_quota('crew', 'unit_hours', subject_kind => 'group');
	SELECT arbiter_drop_quota('member', 'unit_hours', 'week');
	SELECT arbiter_drop_quota('member', 'cost');
	SELECT arbiter_drop_quota('member', resource_type => 'of a type')});
check_quotas('dropped');

# One resource is renamed, one is dropped.
$publisher->safe_psql('postgres', "SELECT arbiter_alter_resource('fixed', 'renamed')");
$publisher->safe_psql('postgres', "SELECT arbiter_drop_resource('grain', true)");
check_same('a resource renamed, one dropped');
$publisher->safe_psql('postgres', q{
	INSERT INTO arbiter_resource (resource_id, name) VALUES (3, 'grain');
	SELECT arbiter_set_capacity('grain', '2030-01-01', '2030-04-01', 30)});
check_same('a resource by INSERT');
hears_of_rename($subscriber, $publisher, 'a backend of the subscriber');

# Load on both sides at once.
my $seed = $ENV{ARBITER_SEED} // time;
my $local = "SELECT clock_timestamp() + interval '7 s' AS deadline \\gset\n" . <<'END' x 2000;
SELECT arbiter_rebuild('wide');
INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount)
	SELECT nextval('arbiter_reservation_id_seq') + 1000000000, resource_id, '[2030-03-01,2030-03-05)', 1
	FROM arbiter_resource WHERE name = 'wide';
SELECT arbiter_rebuild('hot');
SELECT arbiter_available('hot', '2030-01-01 10:00', '2030-01-01 11:00');
SELECT 'check', count(*) FROM arbiter_check();
DELETE FROM arbiter_reservation WHERE reservation_id > 1000000000;
SELECT clock_timestamp() > :'deadline' AS done \gset
\if :done
\q
\endif
END

# what every local session does: reserve, with ids far from the publisher's
my $booker = "SELECT clock_timestamp() + interval '7 s' AS deadline \\gset\n" . <<'END' x 2000;
SELECT reservation_id FROM arbiter_try_reserve('wide', '2030-02-20', '2030-06-05', 1);
SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation
	WHERE reservation_id > 1000000000 AND status = 'confirmed' ORDER BY reservation_id DESC LIMIT 1;
SELECT reservation_id FROM arbiter_try_reserve('hot', '2030-01-01 09:00', '2030-01-01 10:30', 1);
SELECT clock_timestamp() > :'deadline' AS done \gset
\if :done
\q
\endif
END

note "seed $seed";
$subscriber->safe_psql('postgres', q{
	SELECT setval('arbiter_reservation_id_seq', 2000000000000);
	SELECT setval('arbiter_denial_denial_id_seq', 2000000000000)});
my @remote = map {
	start_psql($publisher, random_mix(seed => $seed + $_, statements => 5000, seconds => 6),
		name => "client $_") } 1 .. 2;
my $here = start_psql($subscriber, $local, name => 'local');
my $too = start_psql($subscriber, $booker, name => 'booker');

reap(@remote);
reap($here, $too);
$publisher->wait_for_catchup('copy');
my %check = map { $_ => 1 } $here->{stdout} =~ /^check\|(\d+)$/mg;
is(join(',', keys %check), '0', 'arbiter_check on the subscriber had no alarm meanwhile');
my $states = sqlstates(@remote);
my $local_states = sqlstates($here, $too);
note 'local: ', join ', ', map { "$local_states->{$_} x $_" } sort keys %$local_states;
# capacity is taken away on the publisher, too
is(join(', ', grep { !/RV001|RV002|RV008|40P01|40001/ } sort keys %$local_states),
	'', 'no unexpected SQLSTATE on the subscriber');
is($states->{55000} // 0, 0, 'no update was stopped for want of a replica identity');
$subscriber->safe_psql('postgres',
	'DELETE FROM arbiter_reservation WHERE reservation_id > 1000000000');
# no hold of the load expires between one side's look and the other's
outlive_holds($publisher);
check_same('after load on both sides');
$subscriber->safe_psql('postgres', 'SELECT arbiter_rebuild(name) FROM arbiter_resource');
check_same('built again');

# TRUNCATE is applied too.
$publisher->safe_psql('postgres', 'TRUNCATE arbiter_reservation');
check_same('after TRUNCATE');
is($subscriber->safe_psql('postgres', "SELECT arbiter_available('hot', '2030-01-01 10:00', '2030-01-01 11:00')"),
	$publisher->safe_psql('postgres', "SELECT arbiter_available('hot', '2030-01-01 10:00', '2030-01-01 11:00')"),
	'all is free again on both sides');

is_log_clean($publisher, 'publisher');
is_log_clean($subscriber, 'subscriber');
$subscriber->stop;
$publisher->stop;
done_testing();
