
# A physical standby: readers work there, writers refuse, and a promotion under
# load loses nothing that was acknowledged.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use RandomWork;
use Test::More;
use Time::HiRes qw(sleep);

my $primary = new_server('primary', streaming => 1, conf => "hot_standby_feedback = on\n");

create_mix_resources($primary);
$primary->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('fixed');
SELECT arbiter_set_capacity('fixed', '2030-01-01', '2031-01-01', 8);
SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 5, request_key => 'first');
-- declared and reserved, but not built
SELECT arbiter_create_resource('unbuilt');
SELECT arbiter_set_capacity('unbuilt', '2030-01-01', '2030-02-01', 8);
SELECT arbiter_reserve('unbuilt', '2030-01-01', '2030-01-02', 3);
DELETE FROM arbiter_timeline WHERE resource_id =
	(SELECT resource_id FROM arbiter_resource WHERE name = 'unbuilt');
-- held for ever, so far
SELECT arbiter_create_resource('held');
SELECT arbiter_set_capacity('held', '2030-01-01', '2030-03-01', 8);
SELECT arbiter_reserve('held', '2030-01-01', '2030-01-02', 1), arbiter_hold('held', '2030-01-01', '2030-02-15', 5, '100 years', 'holder');
SELECT arbiter_create_resource('held, unbuilt');
SELECT arbiter_set_capacity('held, unbuilt', '2030-01-01', '2030-03-01', 8);
SELECT arbiter_hold('held, unbuilt', '2030-01-01', '2030-02-15', 5, '100 years', 'holder');
DELETE FROM arbiter_timeline WHERE resource_id =
	(SELECT resource_id FROM arbiter_resource WHERE name = 'held, unbuilt');
-- the load leaves these alone
SELECT setval('arbiter_reservation_id_seq', 10);
END
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', <<'END');
max_standby_streaming_delay = -1
END
$standby->start;

# From here on a commit is acknowledged once the standby has it.
$primary->append_conf('postgresql.conf', "synchronous_standby_names = '*'\n");
$primary->reload;
$primary->poll_query_until('postgres',
	"SELECT sync_state = 'sync' FROM pg_stat_replication WHERE application_name = 'standby'")
  or die 'the standby is not synchronous';

# Readers.
is($standby->safe_psql('postgres', "SELECT arbiter_available('fixed', '2030-03-01', '2030-03-03')"),
	'3', 'arbiter_available on a standby');
is( $standby->safe_psql(
		'postgres',
		"SET timezone = 'UTC'; SELECT * FROM arbiter_timeline('fixed', '2030-03-01', '2030-03-03')"),
	qq{["2030-03-01 00:00:00+00","2030-03-02 00:00:00+00")|8|5|3\n}
	  . qq{["2030-03-02 00:00:00+00","2030-03-03 00:00:00+00")|8|0|8},
	'arbiter_timeline on a standby');
is( $standby->safe_psql(
		'postgres',
		"SET timezone = 'UTC'; SELECT * FROM arbiter_timeline('unbuilt', '2030-01-01', '2030-01-03')"),
	qq{["2030-01-01 00:00:00+00","2030-01-02 00:00:00+00")|8|3|5\n}
	  . qq{["2030-01-02 00:00:00+00","2030-01-03 00:00:00+00")|8|0|8},
	'arbiter_timeline of an unbuilt resource on a standby');
is($standby->safe_psql('postgres', "SELECT arbiter_available('unbuilt', '2030-01-01', '2030-01-03')"),
	'5', 'arbiter_available of an unbuilt resource on a standby');
is( $standby->safe_psql(
		'postgres',
		"SELECT resource, reserved_max, available_min, available_avg
		 FROM arbiter_calendar_all('{fixed,unbuilt}', '2030-01-01', '2030-01-03', '2 days', 'UTC')"),
	"fixed|0|8|8.000000\nunbuilt|3|5|6.500000",
	'arbiter_calendar_all on a standby');
is( $standby->safe_psql(
		'postgres',
		"SELECT chart, free FROM arbiter_chart('fixed', '2030-03-01', '2030-03-03', '1 day', 'UTC', 8, true)"),
	"#####...|3\n........|8",
	'arbiter_chart on a standby');
is($standby->safe_psql('postgres', 'SELECT resources, status FROM arbiter_booking ORDER BY 1 LIMIT 1'),
	'{fixed}|confirmed', 'the view on a standby');
is_healthy($standby, 'standby');
hears_of_rename($standby, $primary, 'a backend of the standby');

# Writers.
my @writer = (
	"arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 1)",
	"arbiter_reserve('unbuilt', '2030-01-01', '2030-01-02', 1)",
	"arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 100)",
	"arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 5, request_key => 'first')",
	"arbiter_try_reserve('fixed', '2030-03-01', '2030-03-02', 1)",
	"arbiter_reserve_all('{\"fixed\": 1}', '2030-03-01', '2030-03-02')",
	"arbiter_try_reserve_all('{\"fixed\": 1}', '2030-03-01', '2030-03-02')",
	'arbiter_cancel(1)',
	"arbiter_hold('fixed', '2030-03-01', '2030-03-02', 1)",
	'arbiter_expire()',
	'arbiter_confirm(1)',
	"arbiter_extend(1, '2030-03-03')",
	"arbiter_truncate(1, '2030-03-01 12:00')",
	'arbiter_resize(1, 2)',
	"arbiter_move(1, '2030-03-02')",
	"arbiter_transfer(1, 'somebody')",
	"arbiter_swap('{1}', '[]')",
	"arbiter_reserve_many('[]')",
	"arbiter_create_resource('other')",
	"arbiter_alter_resource('fixed', unit => 'seat')",
	"arbiter_drop_resource('fixed')",
	"arbiter_set_capacity('fixed', '2030-01-01', '2030-01-02', 9)",
	"arbiter_add_capacity('fixed', '2030-01-01', '2030-01-02', 9)",
	"arbiter_load_schedule('fixed', '{{1893456000,1893542400,9}}')",
	"arbiter_rebuild('fixed')",
	"arbiter_purge('2030-01-01')");
foreach my $call (@writer)
{
	is(sqlstate_of($standby, "SELECT $call"), '25006', "refused on a standby: $call");
	is(sqlstate_of($primary, "SET default_transaction_read_only = on; SELECT $call"),
		'25006', "refused in a read-only transaction: $call");
}

# Promotion under load.
my $seed = $ENV{ARBITER_SEED} // time;
note "seed $seed";
my @clients = map {
	start_psql($primary, random_mix(seed => $seed + $_, statements => 20000, seconds => 60, keep => 1,
			first => 10),
		name => "client $_") } 1 .. 4;
my $reader = <<'END' x 10000;
SELECT 'recovery', pg_is_in_recovery();
SELECT 'available', arbiter_available('fixed', '2030-03-01', '2030-03-03');
SELECT 'steps', count(*) FROM arbiter_timeline('hot');
SELECT 'check', count(*) FROM arbiter_check();
SELECT 'conflicts', count(*) FROM arbiter_conflicts();
SELECT NOT pg_is_in_recovery() AND now() > pg_postmaster_start_time() + interval '1 s' AS promoted \gset
\if :promoted
SELECT 'recovery', pg_is_in_recovery();
\q
\endif
END
my @readers = map { start_psql($standby, $reader, stop => 1, name => 'reader') } 1 .. 2;

sleep(4);
# on a busy machine longer: until there is some load, and each reader is past the
# first thing that it asks
$standby->poll_query_until('postgres', q{SELECT
	(SELECT count(*) > 400 FROM arbiter_reservation WHERE reservation_id > 10)
	AND (SELECT count(*) = 2 FROM pg_stat_activity
		WHERE application_name = 'reader' AND query ~ 'arbiter_(available|timeline|check|conflicts)')})
  or die 'no load';
$primary->stop('immediate');
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'no promotion';
sleep(0.5);

my (%granted, %seen);
foreach my $session (reap(@clients))
{
	$granted{$1} = 1 while $session->{stdout} =~ /^granted\|(\d+)$/mg;
}
foreach my $session (reap(@readers))
{
	is($session->{stderr}, '', 'a reader on the standby met no error');
	$seen{$1}{$2}++ while $session->{stdout} =~ /^(\w+)\|(\w+)$/mg;
}
is(join(',', keys %{ $seen{available} }), '3', 'readers saw what nobody changes');
is(join(',', keys %{ $seen{check} }), '0', 'arbiter_check had no false alarm under load');
is(join(',', keys %{ $seen{conflicts} }), '0', 'arbiter_conflicts had no false alarm under load');
is(join(',', sort keys %{ $seen{recovery} }), 'f,t', 'readers lived through the promotion');
note 'checks on the standby under load: ', $seen{check}{0};

cmp_ok(scalar(keys %granted), '>', 100, 'there was load: ' . scalar(keys %granted));
my %there =
  map { $_ => 1 }
  split /\n/, $standby->safe_psql('postgres', 'SELECT reservation_id FROM arbiter_reservation');
is(scalar(grep { !$there{$_} } keys %granted), 0, 'every acknowledged reservation survived');
is_healthy($standby, 'promoted');

cmp_ok($standby->safe_psql('postgres', "SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 3)"),
	'>', (sort { $b <=> $a } keys %granted)[0], 'reserving goes on');
is(sqlstate_of($standby, "SELECT arbiter_reserve('fixed', '2030-03-01', '2030-03-02', 1)"),
	'RV001', 'and refusing');
is(sqlstate_of($standby, "SELECT arbiter_reserve('unbuilt', '2030-01-01', '2030-01-02', 6)"),
	'RV001', 'an unbuilt resource is built at the first write');
$standby->safe_psql('postgres',
	"SELECT arbiter_cancel(reservation_id) FROM arbiter_reservation WHERE request_key = 'first'");
is($standby->safe_psql('postgres', "SELECT arbiter_available('fixed', '2030-03-01', '2030-03-02')"),
	'5', 'cancelling goes on');
is_healthy($standby, 'after writing');
is_log_clean($standby, 'standby');

$standby->stop;
done_testing();
