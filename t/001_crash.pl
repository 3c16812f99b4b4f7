
# A backend killed and a server stopped at once under load: what was
# acknowledged is there, what was not committed is not, the timeline is right.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 4;
my $node = new_server('crash', conf => "restart_after_crash = on\nautovacuum_naptime = 1s\n");

$node->safe_psql('postgres', <<'END');
SELECT arbiter_create_resource('day');
SELECT arbiter_set_capacity('day', '2030-01-01', '2030-01-02', 1000000);
SELECT arbiter_create_resource('year');
SELECT arbiter_set_capacity('year', '2030-01-01', '2031-01-01', 1000000);
-- so small that most of what is held must make room for the next
SELECT arbiter_create_resource('room');
SELECT arbiter_set_capacity('room', '2030-01-01', '2030-04-01', 4);
END

# One client: reservations by call and by INSERT, some of them cancelled, holds
# that expire, and each id said aloud only once its transaction is over.
sub client_script
{
	my ($seed, $seconds) = @_;
	my $script = "SELECT clock_timestamp() + interval '$seconds s' AS deadline \\gset\n";

	srand($seed);
	foreach my $number (1 .. 6000)
	{
		my $name = rand() < 0.5 ? 'day' : 'year';
		my $start = int(rand($name eq 'day' ? 75 : 15000)) * 900;
		my $end = $start + 900 * (1 + int(rand(20)));
		my $range = join ', ',
		  map { "'2030-01-01'::timestamptz + interval '$_ s'" } ($start, $end);

		$script .= rand() < 0.7
		  ? "SELECT arbiter_reserve('$name', $range, 1) AS id \\gset\n"
		  : 'INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, '
		  . "tstzrange($range), 1 FROM arbiter_resource WHERE name = '$name' "
		  . "RETURNING reservation_id AS id \\gset\n";
		$script .= "\\echo granted :id\n";
		$script .= "\\echo cancelling :id\nSELECT arbiter_cancel(:id);\n\\echo cancelled :id\n"
		  if rand() < 0.3;
		if (rand() < 0.6)
		{
			my $from = int(rand(80));
			my $days = join ', ',
			  map { "'2030-01-01'::timestamptz + interval '$_ days'" } ($from, $from + 1 + int(rand(9)));

			# each makes room for the next; when all are alive, a refusal is none to stop at
			$script .= "\\set ON_ERROR_STOP 0\nSELECT arbiter_hold('room', $days, 1, '20 ms') AS id \\gset\n"
			  . "\\if :ERROR\n\\else\n\\echo held :id\n\\endif\n\\set ON_ERROR_STOP 1\n";
		}
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n\\if :done\n\\q\n\\endif\n"
		  if $number % 20 == 0;
	}
	return $script;
}

my (%granted, %held, %cancelling, %cancelled);
my $seed = $ENV{ARBITER_SEED} // time;
note "seed $seed";

# What clients said is what is in the table.
sub check_acknowledged
{
	my ($label) = @_;
	my %status =
	  map { split /\|/ }
	  split /\n/,
	  $node->safe_psql('postgres',
		"SELECT reservation_id, status FROM arbiter_reservation WHERE user_id <> 'ghost'");

	cmp_ok(scalar(keys %granted), '>', 100, "$label: there was load");
	is(scalar(grep { !exists $status{$_} } keys %granted),
		0, "$label: every acknowledged reservation is there");
	is(scalar(grep { $status{$_} ne 'cancelled' } keys %cancelled),
		0, "$label: every acknowledged cancellation is there");
	is(scalar(grep { $status{$_} ne 'confirmed' && !$cancelling{$_} } keys %granted),
		0, "$label: nothing else was cancelled");
	cmp_ok(scalar(keys %held), '>', 20, "$label: there were holds");
	is(scalar(grep { ($status{$_} // 'gone') !~ /^(held|expired)$/ } keys %held),
		0, "$label: every acknowledged hold is there");
	cmp_ok(scalar(grep { ($status{$_} // 'gone') eq 'expired' } keys %held),
		'>', 5, "$label: some of them were marked");
	is($node->safe_psql('postgres', "SELECT count(*) FROM arbiter_reservation WHERE user_id = 'ghost'"),
		'0', "$label: nothing uncommitted is there");
	return;
}

foreach my $round (1 .. 4)
{
	my $kill = $round % 2;
	my $label = "round $round, " . ($kill ? 'kill -9 of a backend' : 'immediate stop');
	my $last = $node->safe_psql('postgres', 'SELECT last_value FROM arbiter_reservation_id_seq');
	my @clients = map {
		start_psql($node, client_script($seed + 100 * $round + $_, 60), stop => 1, name => 'client') }
	  1 .. $clients;

	# enough of each for what is tested below, however slow the machine is
	$node->poll_query_until(
		'postgres', qq{SELECT count(*) FILTER (WHERE status IN ('confirmed', 'cancelled')) > 200
			AND count(*) FILTER (WHERE status IN ('held', 'expired')) > 60
			AND count(*) FILTER (WHERE status = 'expired') > 20
		FROM arbiter_reservation WHERE reservation_id > $last}) or die 'no load';

	# a big transaction that never ends, in months the clients leave alone
	push @clients, start_psql($node, <<'END', stop => 1, name => 'ghost');
BEGIN;
SELECT count(arbiter_reserve('year', start, start + interval '1 day', 2, 'ghost'))
FROM generate_series(timestamptz '2030-08-01', '2030-10-01', '1 hour') start;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
SELECT resource_id, tstzrange(start, start + interval '40 days'), 1, 'ghost'
FROM arbiter_resource, generate_series(timestamptz '2030-08-01', '2030-10-01', '1 day') start
WHERE name = 'year';
-- whatever expires meanwhile is marked, and is not
SELECT arbiter_expire();
SELECT pg_sleep(100);
COMMIT;
END

	# it has done all it does; the clients are still at it
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'ghost' AND wait_event = 'PgSleep'")
	  or die 'no big transaction';
	if ($kill)
	{
		my $offset = -s $node->logfile;
		my ($pid) = split /\n/,
		  $node->safe_psql('postgres', <<'END');
SELECT pid FROM pg_stat_activity
WHERE application_name IN ('client', 'ghost')
ORDER BY application_name, state = 'active' DESC
LIMIT 1
END
		is(kill('KILL', $pid), 1, "$label: killed");
		$node->wait_for_log(
			qr/all server processes terminated; reinitializing.*ready to accept connections/s,
			$offset);
	}
	else
	{
		$node->stop('immediate');
		$node->start;
	}

	foreach my $session (reap(@clients))
	{
		$granted{$1} = 1 while $session->{stdout} =~ /^granted (\d+)$/mg;
		$held{$1} = 1 while $session->{stdout} =~ /^held (\d+)$/mg;
		$cancelling{$1} = 1 while $session->{stdout} =~ /^cancelling (\d+)$/mg;
		$cancelled{$1} = 1 while $session->{stdout} =~ /^cancelled (\d+)$/mg;
		unlike($session->{stderr}, qr/ERROR:  (?!RV001)/, "$label: no error but the crash");
	}
	check_acknowledged($label);
	is_healthy($node, $label);
	is($node->safe_psql('postgres', "SELECT arbiter_available('room', '2030-01-01', '2030-04-01')"),
		'4', "$label: what was held is free again");
	cmp_ok(
		$node->safe_psql('postgres',
			"SELECT arbiter_reserve('day', '2030-01-01 10:00', '2030-01-01 11:00', 1)"),
		'>',
		(sort { $b <=> $a } keys %granted)[0],
		"$label: the next id is a new one");
}

is_log_clean($node, 'all rounds', allow => qr/terminated by signal 9/);
$node->stop;
done_testing();
