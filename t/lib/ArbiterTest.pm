
# ArbiterTest: what the TAP tests of arbiter share: servers, background psql
# sessions, and oracles that do not use arbiter's own arithmetic.

package ArbiterTest;

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use IPC::Run ();
use Test::More;
use Time::HiRes qw(sleep time);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(
  new_server
  sqlstate_of
  start_psql
  finish_psql
  reap
  sqlstates
  is_healthy
  is_log_clean
  not_oversold
  outlive_holds
  timeline_text
  timeline_mismatch
  hears_of_rename
);

# One directory for scripts and outputs of sessions, gone with the process.
my $scratch = File::Temp->newdir('arbiterXXXXXX', TMPDIR => 1);
my $sessions = 0;

# new_server starts a server and, unless told otherwise, installs arbiter in it.
#
# Options: streaming (as in Cluster::init), conf (text for postgresql.conf),
# extension (false: only start).
sub new_server
{
	my ($name, %option) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => $option{streaming} // 0);
	$node->append_conf('postgresql.conf', <<'END');
log_line_prefix = '%m [%p] %e %q%a '
log_statement = none
log_error_verbosity = default
shared_buffers = 64MB
max_connections = 50
max_wal_size = 1GB
statement_timeout = 60s
jit = off
timezone = 'UTC'
END
	$node->append_conf('postgresql.conf', $option{conf}) if defined $option{conf};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION arbiter CASCADE')
	  if $option{extension} // 1;
	return $node;
}

# sqlstate_of runs one statement and returns the SQLSTATE it ends with, 00000
# when it succeeds.  In list context the message follows.
sub sqlstate_of
{
	my ($node, $sql, %option) = @_;
	my ($stdout, $stderr);

	$node->psql(
		$option{dbname} // 'postgres', $sql,
		stdout => \$stdout,
		stderr => \$stderr,
		on_error_stop => 1,
		on_error_die => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose', @{ $option{extra} // [] } ]);
	my $state = '00000';
	$state = $1 if $stderr =~ /(?:ERROR|FATAL):\s+([0-9A-Z]{5}):/;
	$state = 'lost' if $state eq '00000' && $stderr =~ /error:|closed the connection/;
	return wantarray ? ($state, $stderr) : $state;
}

# start_psql starts a psql that runs a script statement by statement, going on
# after errors, with its outputs in files.  finish_psql waits for it.
sub start_psql
{
	my ($node, $script, %option) = @_;
	my $number = ++$sessions;
	my %session = (
		in => "$scratch/$number.sql",
		out => "$scratch/$number.out",
		err => "$scratch/$number.err",
		name => $option{name} // "session $number");
	my @command = (
		$node->installed_command('psql'), '-XAtq',
		'-v', 'VERBOSITY=verbose',
		'-v', 'ON_ERROR_STOP=' . ($option{stop} ? 1 : 0),
		'-d', $node->connstr($option{dbname} // 'postgres'),
		'-f', $session{in});

	append_to_file($session{in}, $script);
	local %ENV = $node->_get_env(PGAPPNAME => $session{name});
	$session{run} =
	  IPC::Run::start(\@command, '<', \undef, '>', $session{out}, '2>', $session{err});
	return \%session;
}

# finish_psql waits for the end of a session and reads what it wrote.  A psql
# that lost its server is a normal end here.
sub finish_psql
{
	my ($session) = @_;

	# finish() and result() see a non-zero exit as normal
	eval { $session->{run}->finish; };
	$session->{stdout} = slurp_file($session->{out});
	$session->{stderr} = slurp_file($session->{err});
	unlink $session->{in}, $session->{out}, $session->{err};
	return $session;
}

# reap finishes several sessions.
sub reap
{
	return map { finish_psql($_) } @_;
}

# sqlstates counts the SQLSTATEs that sessions met.
sub sqlstates
{
	my %count;

	foreach my $session (@_)
	{
		$count{$1}++
		  while $session->{stderr} =~ /(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}):/g;
	}
	return \%count;
}

# What takes capacity: a hold that has expired does not.
my $takes = "(status = 'confirmed' OR status = 'held'"
  . " AND coalesce(expires_at, 'infinity') > statement_timestamp())";

# not_oversold sweeps capacity against reservations in plain SQL, apart from
# arbiter_check() and arbiter_conflicts(), and returns the oversold instants.
sub not_oversold
{
	my ($node, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', <<"END");
SELECT format('resource %s is oversold at %s by %s', resource_id, instant, reserved - capacity)
FROM (SELECT resource_id, instant,
		sum(sum(capacity)) OVER w AS capacity, sum(sum(reserved)) OVER w AS reserved
	FROM (SELECT resource_id, lower(during) AS instant, amount AS capacity, 0 AS reserved
			FROM arbiter_capacity
		UNION ALL
		SELECT resource_id, upper(during), - amount, 0 FROM arbiter_capacity
		UNION ALL
		SELECT resource_id, lower(coalesce(occupied, during)), 0, amount
			FROM arbiter_reservation WHERE $takes
		UNION ALL
		SELECT resource_id, upper(coalesce(occupied, during)), 0, - amount
			FROM arbiter_reservation WHERE $takes) e
	GROUP BY resource_id, instant
	WINDOW w AS (PARTITION BY resource_id ORDER BY instant)) s
WHERE reserved > capacity
ORDER BY resource_id, instant
LIMIT 10
END
}

# outlive_holds waits until no hold is left that expires within a minute, so that
# what two looks in a row see is the same.
sub outlive_holds
{
	my ($node, $dbname) = @_;

	$node->poll_query_until($dbname // 'postgres', <<'END') or die 'holds without end';
SELECT NOT EXISTS (SELECT FROM arbiter_reservation WHERE status = 'held'
	AND expires_at > clock_timestamp() AND expires_at < clock_timestamp() + interval '1 min')
END
	return;
}

# timeline_text is arbiter_timeline() of every resource, for comparison.
sub timeline_text
{
	my ($node, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', <<'END');
SELECT r.name, t.during, t.capacity, t.reserved, t.available
FROM arbiter_resource r CROSS JOIN LATERAL arbiter_timeline(r.name) t
ORDER BY r.name, t.during
END
}

# timeline_mismatch compares arbiter_timeline() with steps computed in plain
# SQL at every instant where anything changes, and returns the differences.
sub timeline_mismatch
{
	my ($node, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', <<"END");
WITH event AS (
	SELECT resource_id, lower(during) AS instant, amount AS capacity, 0 AS reserved
	FROM arbiter_capacity
	UNION ALL
	SELECT resource_id, upper(during), - amount, 0 FROM arbiter_capacity
	UNION ALL
	SELECT resource_id, lower(coalesce(occupied, during)), 0, amount
	FROM arbiter_reservation WHERE $takes
	UNION ALL
	SELECT resource_id, upper(coalesce(occupied, during)), 0, - amount
	FROM arbiter_reservation WHERE $takes
), change AS (
	SELECT resource_id, instant, sum(capacity) AS capacity, sum(reserved) AS reserved
	FROM event GROUP BY resource_id, instant
	HAVING sum(capacity) <> 0 OR sum(reserved) <> 0
	UNION ALL
	SELECT resource_id, '-infinity', 0, 0 FROM arbiter_resource
), step AS (
	SELECT resource_id, instant, sum(capacity) OVER w AS capacity, sum(reserved) OVER w AS reserved
	FROM change
	WHERE instant <> 'infinity'
	WINDOW w AS (PARTITION BY resource_id ORDER BY instant)
), shown AS (
	SELECT r.resource_id, coalesce(lower(t.during), '-infinity') AS instant, t.capacity, t.reserved
	FROM arbiter_resource r CROSS JOIN LATERAL arbiter_timeline(r.name) t
)
SELECT resource_id, instant, step.capacity, step.reserved, shown.capacity, shown.reserved
FROM step FULL JOIN shown USING (resource_id, instant)
WHERE step.capacity IS DISTINCT FROM shown.capacity
	OR step.reserved IS DISTINCT FROM shown.reserved
ORDER BY 1, 2
LIMIT 10
END
}

# is_healthy: arbiter_check() and arbiter_conflicts() are empty, and two
# oracles that know nothing of them agree.
sub is_healthy
{
	my ($node, $label, %option) = @_;
	my $dbname = $option{dbname} // 'postgres';

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($dbname, 'SELECT * FROM arbiter_check() LIMIT 10'),
		'', "$label: arbiter_check is empty");
	is(timeline_mismatch($node, $dbname), '', "$label: timeline equals a plain sweep");
	return if $option{oversold};
	is($node->safe_psql($dbname, 'SELECT * FROM arbiter_conflicts() LIMIT 10'),
		'', "$label: arbiter_conflicts is empty");
	is(not_oversold($node, $dbname), '', "$label: nothing is oversold");
	return;
}

# is_log_clean: no internal error, no leaked heap error, no assertion failure.
sub is_log_clean
{
	my ($node, $label, %option) = @_;
	my $log = slurp_file($node->logfile, $option{offset} // 0);
	my @bad = grep {
		/ XX\d{3} |tuple concurrently|tuple already updated|TRAP:|PANIC|terminated by signal/
	} split /\n/, $log;

	@bad = grep { !/$option{allow}/ } @bad if $option{allow};
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @bad[ 0 .. ($#bad > 9 ? 9 : $#bad) ]), '', "$label: server log is clean");
	return;
}

# hears_of_rename checks that a backend of $here, which knows a resource by name,
# looks up another one under that name as soon as $there has renamed the first.
sub hears_of_rename
{
	my ($here, $there, $label) = @_;

	$there->safe_psql('postgres', "SELECT arbiter_create_resource('known')");
	$here->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM arbiter_resource WHERE name = 'known'")
	  or die 'no resource';
	my $session = start_psql($here, <<'END', name => 'knows');
SELECT 'id', arbiter_resource_id('known') FROM generate_series(1, 3);
DO $$
DECLARE
	old integer := arbiter_resource_id('known');
	seen timestamptz;
BEGIN
	WHILE NOT EXISTS (SELECT FROM arbiter_resource WHERE name = 'formerly known')
	LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
	-- what others see is told to caches a moment later, on a busy machine a long one
	seen := clock_timestamp();
	WHILE arbiter_resource_id('known') = old AND clock_timestamp() < seen + interval '10 s'
	LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT 'id', arbiter_resource_id('known');
END
	$here->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'knows' AND query LIKE 'DO%' AND wait_event = 'PgSleep'")
	  or die 'the session does not wait';
	$there->safe_psql('postgres', q{BEGIN;
		SELECT arbiter_alter_resource('known', 'formerly known');
		SELECT arbiter_create_resource('known');
		COMMIT});
	finish_psql($session);
	my ($old, $new) = map {
		$there->safe_psql('postgres', "SELECT arbiter_resource_id('$_')")
	} 'formerly known', 'known';
	is($session->{stdout}, "id|$old\n" x 3 . "id|$new\n", "$label: hears of another name");
	$there->safe_psql('postgres', "SELECT arbiter_drop_resource('$_')")
	  foreach 'formerly known', 'known';
	return;
}

1;
