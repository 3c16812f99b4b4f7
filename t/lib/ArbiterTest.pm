
# ArbiterTest: what the TAP tests of arbiter share: servers, background psql
# sessions, a generator of random work, and oracles that do not use arbiter's
# own arithmetic.

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
  timeline_text
  timeline_mismatch
  random_mix
  create_mix_resources
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

# create_mix_resources makes the resources that random_mix works on: a few busy
# hours, a year with a float, one with a granularity and buffers, one whose
# schedule never ends.
sub create_mix_resources
{
	my ($node, $dbname) = @_;

	$node->safe_psql($dbname // 'postgres', <<'END');
SELECT arbiter_create_resource('hot');
SELECT arbiter_set_capacity('hot', '2030-01-01', '2030-01-02', 60);
SELECT arbiter_create_resource('wide', float_percent => 15);
SELECT arbiter_set_capacity('wide', '2030-01-01', '2031-01-01', 40);
SELECT arbiter_create_resource('grain', granularity => '15 min', setup_time => '10 min', cleanup_time => '20 min');
SELECT arbiter_set_capacity('grain', '2030-01-01', '2030-04-01', 30);
SELECT arbiter_create_resource('endless');
SELECT arbiter_set_capacity('endless', '2030-01-01', 'infinity', 50);
END
	return;
}

# random_mix writes the random work of one client, a psql script.
#
# seed: the same seed gives the same script
# statements: how many
# seconds: the session stops at the first convenient statement after this
# isolation: default_transaction_isolation of the session
# first: reservations before this id are left alone
# keep: no row is deleted
# several: transactions of several calls too (those may meet 40P01)
# check: ask arbiter_check() and arbiter_conflicts() now and then
#
# Lines of output: "granted|id" and "cancelled|id" for what was acknowledged,
# "held|id" and "marked|rows" for holds, most of which expire within the run;
# "check|rows" and "conflicts|rows", which must say 0.
sub random_mix
{
	my (%option) = @_;
	my @name = qw(hot wide grain endless);
	my %span = (hot => 24 * 4, wide => 365 * 24 * 4, grain => 90 * 24 * 4, endless => 60 * 24 * 4);
	my $first = $option{first} // 1;
	my $script = '';

	srand($option{seed});

	# a time in quarters of an hour, off the grain now and then
	my $time = sub {
		my ($name, $quarters) = @_;
		my $off = $name ne 'grain' && rand() < 0.2 ? int(rand(900)) : 0;
		return "'2030-01-01'::timestamptz + interval '" . ($quarters * 900 + $off) . " s'";
	};
	my $range = sub {
		my ($name) = @_;
		my $start = int(rand($span{$name}));
		my $length = rand() < 0.05 ? int(rand($span{$name})) : int(rand(24));
		my $end = $start + 1 + $length;

		# mostly inside the schedule
		$end = $span{$name} if $end > $span{$name} && rand() < 0.9;
		return ($time->($name, $start), "'infinity'::timestamptz")
		  if $name eq 'endless' && rand() < 0.1;
		return ($time->($name, $start), $time->($name, $end + 1));
	};
	my $amount = sub { return rand() < 0.05 ? 1 + int(rand(70)) : 1 + int(rand(4)); };
	my $anything = sub { return $name[ int(rand(@name)) ]; };

	# an id that may exist, mostly a recent one
	my $id = sub {
		my $back = rand() < 0.7 ? 200 : 100000;
		my $random = rand();
		return "(SELECT greatest($first, last_value - (least(last_value, $back) * $random)::bigint)"
		  . ' FROM arbiter_reservation_id_seq)';
	};
	my $row = sub {
		my ($name) = @_;
		my ($start, $end) = $range->($name);
		return "((SELECT resource_id FROM arbiter_resource WHERE name = '$name'), "
		  . "tstzrange($start, $end), " . $amount->() . ')';
	};

	my @kind = (
		[ 20, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return "SELECT 'granted', arbiter_reserve('$name', $start, $end, " . $amount->() . ');';
		} ],
		[ 12, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return "SELECT 'granted', reservation_id FROM arbiter_try_reserve('$name', $start, $end, "
			  . $amount->() . ') WHERE granted;';
		} ],
		[ 5, sub {
			my ($start, $end) = $range->('grain');
			my $call = rand() < 0.5
			  ? "SELECT 'granted', arbiter_reserve_all(%s);"
			  : "SELECT 'granted', reservation_id FROM arbiter_try_reserve_all(%s) WHERE granted;";
			my %need = map { $anything->() => $amount->() } 1 .. 3;
			my $need = join ', ', map { "\"$_\": $need{$_}" } sort keys %need;
			return sprintf $call, "'{$need}', $start, $end";
		} ],
		[ 22, sub {
			return "SELECT 'cancelled', i.id FROM " . $id->() . ' i (id), LATERAL arbiter_cancel(i.id);';
		} ],
		[ 6, sub {
			my $row = $row->($anything->());
			return 'INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES '
			  . "$row RETURNING 'granted', reservation_id;";
		} ],
		[ 3, sub {
			my $rows = join ', ', map { $row->($anything->()) } 1 .. 2 + int(rand(4));
			return 'INSERT INTO arbiter_reservation (resource_id, during, amount) VALUES '
			  . "$rows RETURNING 'granted', reservation_id;";
		} ],
		[ 4, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return "UPDATE arbiter_reservation SET during = tstzrange($start, $end)"
			  . ' WHERE reservation_id = ' . $id->()
			  . " AND resource_id = (SELECT resource_id FROM arbiter_resource WHERE name = '$name');";
		} ],
		[ 3, sub {
			return 'UPDATE arbiter_reservation SET amount = ' . $amount->()
			  . ' WHERE reservation_id = ' . $id->() . ';';
		} ],
		[ 3, sub {
			my $status = (qw(held confirmed cancelled expired))[ int(rand(4)) ];
			return "UPDATE arbiter_reservation SET status = '$status' WHERE reservation_id = "
			  . $id->() . ';';
		} ],
		[ $option{keep} ? 0 : 2, sub {
			return 'DELETE FROM arbiter_reservation WHERE reservation_id = ' . $id->() . ';';
		} ],
		[ 2, sub {
			my $row = $row->($anything->());
			my $number = -1 - int(rand(50));
			$row =~ s/^\(/($number, /;
			return 'INSERT INTO arbiter_reservation (reservation_id, resource_id, during, amount) '
			  . "VALUES $row ON CONFLICT (reservation_id, part) "
			  . 'DO UPDATE SET resource_id = excluded.resource_id, during = excluded.during, '
			  . 'amount = excluded.amount;';
		} ],
		[ 2, sub {
			return 'MERGE INTO arbiter_reservation v USING (VALUES (' . $id->() . ')) i (id) '
			  . 'ON v.reservation_id = i.id '
			  . ($option{keep} ? '' : 'WHEN MATCHED AND v.amount > 3 THEN DELETE ')
			  . 'WHEN MATCHED THEN UPDATE SET amount = v.amount + 1;';
		} ],
		[ 2, sub {
			my $name = $anything->();
			my $start = int(rand(60 * 24)) * 60;
			return 'COPY arbiter_reservation (resource_id, during, amount) FROM STDIN;' . "\n"
			  . join('', map {
				my ($r, $from) = (1 + int(rand(4)), int(rand(23)));
				sprintf "%d\t[2030-01-01 %02d:00+00,2030-01-01 %02d:30+00)\t%d\n",
				  $r, $from, $from, $amount->() } 1 .. 3)
			  . "\\.";
		} ],
		[ 2, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			my $amount = rand() < 0.1 ? 'NULL' : 20 + int(rand(60));
			return "SELECT arbiter_set_capacity('$name', $start, $end, $amount);";
		} ],
		[ 1, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return "SELECT arbiter_add_capacity('$name', $start, $end, " . (int(rand(11)) - 5) . ');';
		} ],
		[ 6, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			my $end_it = rand() < 0.2 ? 'ROLLBACK' : 'COMMIT';
			my $undone = "SELECT arbiter_reserve('$name', $start, $end, " . $amount->() . ');';
			($start, $end) = $range->($name);
			return "BEGIN; SAVEPOINT s;\n$undone\nROLLBACK TO s;\n"
			  . "SELECT arbiter_reserve('$name', $start, $end, " . $amount->() . ");\n$end_it;";
		} ],
		[ 4, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return "SELECT arbiter_available('$name', $start, $end);";
		} ],
		[ 4, sub {
			# one key, always the same arguments
			my $key = int(rand(300));
			my $name = $name[ $key % @name ];
			my ($start, $end) = map { "timestamptz '2030-01-01' + interval '$_ minutes'" }
			  (15 * ($key % 80), 15 * ($key % 80) + 30);
			my $amount = 1 + $key % 3;
			return "SELECT 'granted', arbiter_reserve('$name', $start, $end, $amount, 'keyed', 'key $key');";
		} ],
		[ 1, sub {
			# a resource that comes and goes
			return (
				"SELECT arbiter_create_resource('brief');",
				"SELECT arbiter_set_capacity('brief', '2030-01-01', '2030-03-01', 20);",
				"SELECT arbiter_reserve('brief', '2030-01-05', '2030-02-05', 1);",
				"SELECT arbiter_reserve_all('{\"brief\": 1, \"wide\": 1}', '2030-02-01', '2030-02-02');",
				"SELECT arbiter_alter_resource('brief', unit => 'seat');",
				"SELECT arbiter_drop_resource('brief');",
				$option{keep} ? () : "SELECT arbiter_drop_resource('brief', force => true);"
			)[ int(rand($option{keep} ? 6 : 7)) ];
		} ],
		[ 0.2, sub {
			my $name = $anything->();
			return "SELECT arbiter_rebuild('$name');";
		} ],
		# holds: they expire by themselves, or at once
		[ 14, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			my $ttl = ('1 ms', '20 ms', '100 ms', '1 hour')[ int(rand(4)) ];
			return "SELECT 'held', arbiter_hold('$name', $start, $end, " . $amount->() . ", '$ttl', tryout => "
			  . (rand() < 0.2 ? 'true' : 'false') . ');';
		} ],
		[ 4, sub {
			my $row = $row->($anything->());
			$row =~ s/\)$/, 'held', clock_timestamp())/;
			return "INSERT INTO arbiter_reservation (resource_id, during, amount, status, expires_at) VALUES $row RETURNING 'held', reservation_id;";
		} ],
		[ 3, sub {
			my $when = rand() < 0.7 ? 'clock_timestamp()' : "'infinity'";
			return "UPDATE arbiter_reservation SET expires_at = $when WHERE status = 'held' AND reservation_id = " . $id->() . ';';
		} ],
		[ 4, sub { return "SELECT 'confirmed', i.id FROM " . $id->() . ' i (id), LATERAL arbiter_confirm(i.id);'; } ],
		[ 1, sub { return "SELECT 'marked', arbiter_expire(" . int(rand(30)) . ');'; } ],
		# the float
		[ 4, sub {
			my ($start, $end) = $range->('wide');
			return "SELECT 'granted', arbiter_reserve('wide', $start, $end, " . $amount->() . ', tryout => true);';
		} ],
		[ 1, sub { return 'UPDATE arbiter_reservation SET tryout = NOT tryout WHERE reservation_id = ' . $id->() . ';'; } ],
		# the life of a reservation
		[ 3, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			return 'SELECT arbiter_extend(' . $id->() . ", $end);" if rand() < 0.4;
			return 'SELECT arbiter_truncate(' . $id->() . ", $end);" if rand() < 0.4;
			return 'SELECT arbiter_move(' . $id->() . ", $start);";
		} ],
		[ 2, sub { return 'SELECT arbiter_resize(' . $id->() . ', ' . $amount->() . ", '" . $anything->() . "');"; } ],
		[ 3, sub {
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			my $which = $id->();
			return "SELECT 'granted', s.reservation_id FROM $which i (id), LATERAL arbiter_swap(ARRAY[i.id, i.id - " . int(rand(3))
			  . "], jsonb_build_array(jsonb_build_object('resource', '$name', 'start_time', $start, 'end_time', $end, 'amount', "
			  . $amount->() . '))) s;';
		} ],
		[ 2, sub {
			my @request = map {
				my $name = $anything->();
				my ($start, $end) = $range->($name);
				"jsonb_build_object('resource', '$name', 'start_time', $start, 'end_time', $end, 'amount', " . $amount->() . ')' }
			  1 .. 2 + int(rand(4));
			return "SELECT 'granted', reservation_id FROM arbiter_reserve_many(jsonb_build_array(" . join(', ', @request) . '), '
			  . (rand() < 0.3 ? 'true' : 'false') . ') WHERE granted AND reservation_id IS NOT NULL;';
		} ],);
	push @kind,
	  [ 1, sub {
		return "SELECT 'check', count(*) FROM arbiter_check();\n"
		  . "SELECT 'conflicts', count(*) FROM arbiter_conflicts();";
	  } ] if $option{check};
	push @kind,
	  [ 10, sub {
		my $text = "BEGIN;\n";
		foreach my $call (1 .. 2 + int(rand(3)))
		{
			my $name = $anything->();
			my ($start, $end) = $range->($name);
			my $roll = rand();
			$text .= "SAVEPOINT s$call;\n" if $roll < 0.5;
			$text .= "SELECT reservation_id FROM arbiter_try_reserve('$name', $start, $end, "
			  . $amount->() . ");\n";
			$text .= "ROLLBACK TO s$call;\n" if $roll < 0.25;
		}
		my $which = $id->();
		$text .= 'UPDATE arbiter_reservation SET amount = amount + 1 '
		  . "WHERE reservation_id BETWEEN $which - 5 AND $which;\n"
		  if rand() < 0.3;
		return $text . (rand() < 0.2 ? 'ROLLBACK;' : 'COMMIT;');
	  } ] if $option{several};

	my $total = 0;
	$total += $_->[0] foreach @kind;

	$script .= "SET default_transaction_isolation = '$option{isolation}';\n" if $option{isolation};
	$script .= "SET arbiter.search_horizon = '7 d';\n";

	# parts of one reservation are locked in the order of the primary key
	$script .= "SET enable_seqscan = off;\nSET enable_bitmapscan = off;\n";
	$script .= "SELECT clock_timestamp() + interval '$option{seconds} s' AS deadline \\gset\n";
	foreach my $number (1 .. $option{statements})
	{
		my $pick = rand($total);
		my $kind = 0;
		$pick -= $kind[ $kind++ ]->[0] while $pick >= $kind[$kind]->[0];
		$script .= $kind[$kind]->[1]->() . "\n";
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n\\if :done\n\\q\n\\endif\n"
		  if $number % 20 == 0;
	}
	return $script;
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
BEGIN
	WHILE NOT EXISTS (SELECT FROM arbiter_resource WHERE name = 'formerly known')
	LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
	-- what others see is told to caches a moment later
	PERFORM pg_sleep(0.1);
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
