
# Two-phase commit: a prepared reservation keeps what it took over restarts and
# crashes, and is decided by COMMIT PREPARED or ROLLBACK PREPARED.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('prepared', conf => "max_prepared_transactions = 20\n");

$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource(name) FROM unnest('{room,hall,yard,new}'::text[]) name;
SELECT arbiter_set_capacity(name, '2030-01-01', '2031-01-01', 5)
FROM unnest('{room,hall,yard}'::text[]) name;
SELECT arbiter_reserve('yard', '2030-01-05', '2030-01-06', 5);
SELECT arbiter_reserve('yard', '2030-07-05', '2030-07-06', 1);
-- holds that have expired: prepared transactions take their place
SELECT arbiter_create_resource('held');
SELECT arbiter_set_capacity('held', '2030-01-01', '2031-01-01', 5);
INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at)
SELECT resource_id, day, 5, 'held', '2001-01-01' FROM arbiter_resource,
	(VALUES (tstzrange('2030-01-05', '2030-01-06')), ('[2030-06-05,2030-06-06)')) v (day) WHERE name = 'held';
-- reserved, but not built: the prepared transaction builds it
SELECT arbiter_create_resource('unbuilt');
SELECT arbiter_set_capacity('unbuilt', '2030-01-01', '2031-01-01', 5);
SELECT arbiter_reserve('unbuilt', '2030-01-05', '2030-01-06', 1);
DELETE FROM arbiter_timeline WHERE resource_id =
	(SELECT resource_id FROM arbiter_resource WHERE name = 'unbuilt');
END

my %prepared = (
	keep => "SELECT arbiter_reserve('room', '2030-01-05', '2030-01-06', 4, request_key => 'keep')",
	undo => "SELECT arbiter_reserve('room', '2030-06-05', '2030-06-06', 4, request_key => 'undo')",
	all => q{SELECT arbiter_reserve_all('{"hall": 4, "room": 3}', '2030-09-05', '2030-09-06')},
	reap => "SELECT arbiter_reserve('held', '2030-01-05', '2030-01-06', 4)",
	unreap => "SELECT arbiter_hold('held', '2030-06-05', '2030-06-06', 4, '1 day')",
	give => "SELECT arbiter_cancel(1)",
	raw => q{SAVEPOINT s;
		INSERT INTO arbiter_reservation (resource_id, during, amount)
		SELECT resource_id, '[2030-03-05,2030-03-06)', 2 FROM arbiter_resource WHERE name = 'hall';
		RELEASE s; SAVEPOINT s;
		SELECT arbiter_reserve('hall', '2030-03-05', '2030-03-06', 3);
		ROLLBACK TO s;
		SELECT arbiter_reserve('hall', '2030-03-05', '2030-03-06', 2)},
	schedule => "SELECT arbiter_set_capacity('new', '2030-01-01', '2030-02-01', 7)",
	lower => "SELECT arbiter_set_capacity('yard', '2030-12-01', '2030-12-31', 1)",
	build => "SELECT arbiter_reserve('unbuilt', '2030-01-05', '2030-01-06', 3)");

foreach my $name (sort keys %prepared)
{
	$node->safe_psql('postgres', "BEGIN; $prepared{$name}; PREPARE TRANSACTION '$name'");
}

# What the others may and may not do while all of them are prepared.
sub check_prepared
{
	my ($label) = @_;
	my $impatient = "SET lock_timeout = '300ms'; SELECT";

	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'),
		scalar(keys %prepared), "$label: all are prepared");
	is($node->safe_psql('postgres', "SELECT arbiter_available('room', '2030-01-05', '2030-01-06')"),
		'5', "$label: nobody sees it yet");
	foreach my $call (
		"arbiter_reserve('room', '2030-01-05', '2030-01-06', 2)",
		"arbiter_try_reserve('room', '2030-01-05', '2030-01-06', 2)",
		"arbiter_reserve('room', '2030-01-05', '2030-01-06', 4, request_key => 'keep')",
		q{arbiter_reserve_all('{"yard": 1, "hall": 2}', '2030-03-05', '2030-03-06')},
		'arbiter_cancel(1)',
		"arbiter_reserve('held', '2030-01-05', '2030-01-06', 5)",
		"arbiter_reserve('held', '2030-06-05', '2030-06-06', 5)",
		"arbiter_reserve('yard', '2030-12-05', '2030-12-06', 2)",
		"arbiter_reserve('unbuilt', '2030-01-05', '2030-01-06', 2)")
	{
		is(sqlstate_of($node, "$impatient $call"), '55P03', "$label: must wait: $call");
	}
	is($node->safe_psql('postgres', "SELECT arbiter_available('held', '2030-01-01', '2031-01-01'), count(*) FROM arbiter_reservation WHERE status = 'held'"),
		'5|2', "$label: nor who took the place of a hold");
	is($node->safe_psql('postgres', 'SELECT arbiter_expire()'), '0', "$label: nobody else marks it");
	is(sqlstate_of($node, "SELECT arbiter_reserve('new', '2030-01-05', '2030-01-06', 1)"),
		'RV002', "$label: a schedule nobody sees yet grants nothing");
	is(sqlstate_of($node, "SELECT arbiter_reserve('yard', '2030-01-05', '2030-01-06', 5)"),
		'RV001', "$label: a cancellation nobody sees yet grants nothing");
	is( sqlstate_of(
			$node, "SET lock_timeout = '300ms';
			INSERT INTO arbiter_reservation (resource_id, during, amount)
			SELECT resource_id, '[2030-03-05,2030-03-06)', 2 FROM arbiter_resource WHERE name = 'hall'"),
		'55P03',
		"$label: must wait: a raw INSERT");
	foreach my $call (
		"arbiter_reserve('room', '2030-11-05', '2030-11-06', 1)",
		"arbiter_reserve('yard', '2030-07-05', '2030-07-06', 1)")
	{
		is(sqlstate_of($node, "$impatient $call"), '00000', "$label: need not wait: $call");
	}
	is_healthy($node, $label);
	return;
}

check_prepared('prepared');
$node->restart;
check_prepared('after a restart');
$node->stop('immediate');
$node->start;
check_prepared('after a crash');

# Some wait for the decision.
my %waiter = (
	keep => "SELECT arbiter_reserve('room', '2030-01-05', '2030-01-06', 2);",
	undo => "SELECT 'granted', arbiter_reserve('room', '2030-06-05', '2030-06-06', 2);",
	reap => "SELECT arbiter_reserve('held', '2030-01-05', '2030-01-06', 5);",
	unreap => "SELECT 'granted', arbiter_reserve('held', '2030-06-05', '2030-06-06', 5);",
	undo_key => "SELECT 'granted', arbiter_reserve('room', '2030-06-05', '2030-06-06', 4, request_key => 'undo');",
	snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;
		SELECT arbiter_reserve('room', '2030-01-05', '2030-01-06', 1); COMMIT;",
	try => "SELECT reason, available FROM arbiter_try_reserve('room', '2030-01-05', '2030-01-06', 2);",
	build => "SELECT arbiter_reserve('unbuilt', '2030-01-05', '2030-01-06', 2);",
	lower => "SELECT arbiter_reserve('yard', '2030-12-05', '2030-12-06', 2);");
my %session = map { $_ => start_psql($node, $waiter{$_}, name => "waiter $_") }
  grep { $_ ne 'undo_key' } sort keys %waiter;
$node->poll_query_until('postgres',
	"SELECT count(*) = 8 FROM pg_stat_activity WHERE application_name LIKE 'waiter%' AND wait_event_type = 'Lock'")
  or die 'nobody waits';

$node->safe_psql('postgres', "COMMIT PREPARED '$_'")
  foreach qw(keep give all raw schedule lower build reap);
$node->safe_psql('postgres', "ROLLBACK PREPARED '$_'") foreach qw(undo unreap);
my %end = map { $_ => finish_psql($session{$_}) } keys %session;

like($end{keep}{stderr}, qr/RV001/, 'COMMIT PREPARED: who waited is refused');
like($end{try}{stdout}, qr/^RV001\|1$/m, 'COMMIT PREPARED: who tried is told what is left');
like($end{snapshot}{stderr}, qr/40001/, 'COMMIT PREPARED: a snapshot from before is 40001');
like($end{build}{stderr}, qr/RV001/, 'COMMIT PREPARED: so is who waited for a build');
is(sqlstate_of($node, "SELECT arbiter_reserve('yard', '2030-01-05', '2030-01-06', 5)"),
	'00000', 'COMMIT PREPARED of a cancellation: granted');
like($end{lower}{stderr}, qr/RV001/, 'COMMIT PREPARED of a smaller schedule: refused');
is(sqlstate_of($node, "SELECT arbiter_reserve('new', '2030-01-05', '2030-01-06', 7)"),
	'00000', 'COMMIT PREPARED of a first schedule: granted');
like($end{undo}{stdout}, qr/^granted\|\d+$/m, 'ROLLBACK PREPARED: granted');
like($end{reap}{stderr}, qr/RV001/, 'COMMIT PREPARED: a hold that expired has made room once');
like($end{unreap}{stdout}, qr/^granted\|\d+$/m, 'ROLLBACK PREPARED: it makes room for the next');
is($node->safe_psql('postgres', "SELECT string_agg(status, ',' ORDER BY reservation_id) FROM arbiter_reservation WHERE expires_at = '2001-01-01'"),
	'expired,expired', 'and both are marked');
is(sqlstate_of($node, $waiter{undo_key}), 'RV001', 'ROLLBACK PREPARED: the key is forgotten');

is($node->safe_psql('postgres', "SELECT arbiter_available('room', '2030-01-05', '2030-01-06')"),
	'1', 'what was committed is taken');
is($node->safe_psql('postgres', "SELECT arbiter_available('room', '2030-06-05', '2030-06-06')"),
	'3', 'what was rolled back is not');
is($node->safe_psql('postgres', "SELECT arbiter_available('hall', '2030-03-05', '2030-03-06')"),
	'1', 'savepoints inside were honoured');
is($node->safe_psql('postgres', "SELECT arbiter_available('room', '2030-09-05', '2030-09-06')"),
	'2', 'so were several resources');
is( $node->safe_psql(
		'postgres', "SELECT arbiter_reserve('room', '2030-01-05', '2030-01-06', 4, request_key => 'keep') =
			(SELECT reservation_id FROM arbiter_reservation WHERE request_key = 'keep')"),
	't',
	'the key of the prepared call is answered');

# A session that remembers a resource, and changes it in a prepared transaction.
is( $node->safe_psql(
		'postgres', <<'END'), "fine\nfine\nfine\nday\nday\nfine", 'options change with COMMIT PREPARED');
DO $$
BEGIN
	PERFORM arbiter_create_resource('options');
	PERFORM arbiter_set_capacity('options', '2030-01-01', '2031-01-01', 100);
END $$;
CREATE FUNCTION grain() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM arbiter_reserve('options', '2030-11-05 00:01', '2030-11-05 00:02', 1);
	RETURN 'fine';
EXCEPTION WHEN SQLSTATE 'RV007' THEN
	RETURN 'day';
END $$;
SELECT grain() FROM generate_series(1, 2);
BEGIN;
DO $$ BEGIN PERFORM arbiter_alter_resource('options', granularity => '1 day'); END $$;
PREPARE TRANSACTION 'alter';
SELECT grain();
COMMIT PREPARED 'alter';
SELECT grain() FROM generate_series(1, 2);
DO $$ BEGIN PERFORM arbiter_alter_resource('options', clear => '{granularity}'); END $$;
SELECT grain();
END
is_healthy($node, 'decided');
is_log_clean($node, 'server');

$node->stop;
done_testing();
