
# Races that random work meets too seldom: several sessions touch the same month
# of a resource for the first time at the same moment, while its capacity is
# changed; and a resource is made unbuilt, loaded, built and used at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ticks = 120;
my $pause = 20;
my $node = new_server('first_use', conf => "deadlock_timeout = 200ms\n");

# in_step runs sessions that each do their i-th statement at the i-th tick of one
# clock.  A session is a function from the tick to SQL.
sub in_step
{
	my ($isolation, %session) = @_;
	my $start = $node->safe_psql('postgres', "SELECT clock_timestamp() + interval '1 s'");
	my @sessions;

	foreach my $name (sort keys %session)
	{
		my $script = "SET default_transaction_isolation = '$isolation';\n";

		foreach my $tick (0 .. $ticks - 1)
		{
			my $at = $tick * $pause;

			$script .= "SELECT pg_sleep(extract(epoch FROM timestamptz '$start' + interval '$at ms'"
			  . " - clock_timestamp()));\n"
			  . $session{$name}->($tick) . "\n";
		}
		push @sessions, start_psql($node, $script, name => $name);
	}
	reap(@sessions);
	my $states = sqlstates(@sessions);
	my $granted = 0;
	$granted += () = $_->{stdout} =~ /^granted\|\d/mg foreach @sessions;
	note "$isolation: $granted granted; ", join ', ', map { "$states->{$_} x $_" } sort keys %$states;
	return ($granted, $states);
}

sub unexpected
{
	my ($states, @allowed) = @_;
	my %allowed = map { $_ => 1 } @allowed;

	return join ', ', grep { !$allowed{$_} } sort keys %$states;
}

# One range for each tick, of a day, in a month of its own.
sub day_of
{
	my ($tick, $days) = @_;
	my $day = 30 * $tick;

	return "'2030-01-05'::timestamptz + interval '$day days', "
	  . "'2030-01-05'::timestamptz + interval '" . ($day + ($days // 1)) . " days'";
}

my %first_touch = (
	one => sub { return "SELECT 'granted', arbiter_reserve('fresh', " . day_of($_[0]) . ', 3);'; },
	two => sub { return "SELECT 'granted', arbiter_reserve('fresh', " . day_of($_[0]) . ', 3);'; },
	long => sub { return "SELECT 'granted', arbiter_reserve('fresh', " . day_of($_[0], 70) . ', 1);'; },
	raw => sub {
		return 'INSERT INTO arbiter_reservation (resource_id, during, amount) SELECT resource_id, tstzrange('
		  . day_of($_[0]) . "), 1 FROM arbiter_resource WHERE name = 'fresh' RETURNING 'granted', reservation_id;";
	},
	less => sub { return "SELECT arbiter_set_capacity('fresh', " . day_of($_[0]) . ", 2 + $_[0] % 5);"; });

foreach my $isolation ('read committed', 'repeatable read', 'serializable')
{
	$node->safe_psql('postgres', <<'END');
SELECT arbiter_drop_resource(name, true) FROM arbiter_resource;
SELECT arbiter_create_resource('fresh');
SELECT arbiter_set_capacity('fresh', '2030-01-01', '2060-01-01', 5);
END
	my ($granted, $states) = in_step($isolation, %first_touch);

	cmp_ok($granted, '>', $ticks, "$isolation: many were granted");
	is( unexpected($states, 'RV001', 'RV011', $isolation eq 'read committed' ? () : '40001'),
		'', "$isolation: no unexpected SQLSTATE at first touch");
	is_healthy($node, "$isolation, first touch");
}

# Unbuilt, as by a row that logical replication applies, loaded by COPY, which is
# not checked then, and used, all at once.
my $id = "(SELECT min(reservation_id) FROM arbiter_reservation WHERE status = 'confirmed')";
my %first_use = (
	unbuild => sub {
		return "SET session_replication_role = replica;\n"
		  . "UPDATE arbiter_capacity SET amount = amount;\nSET session_replication_role = origin;";
	},
	load => sub {
		return "COPY arbiter_reservation (resource_id, during, amount) FROM STDIN;\n"
		  . "$_[1]\t[2030-01-0" . (1 + $_[0] % 9) . ',2030-01-' . (10 + $_[0] % 9) . ")\t1\n\\.";
	},
	one => sub { return "SELECT 'granted', arbiter_reserve('fresh', '2030-01-05', '2030-01-07', 1);"; },
	two => sub {
		return "SELECT 'granted', reservation_id FROM "
		  . "arbiter_try_reserve('fresh', '2030-01-03', '2030-01-17', 1);";
	},
	raw => sub {
		return 'INSERT INTO arbiter_reservation (resource_id, during, amount) '
		  . "VALUES ($_[1], '[2030-01-05,2030-01-06)', 1) RETURNING 'granted', reservation_id;";
	},
	cancel => sub { return "SELECT arbiter_cancel($id);"; },
	check => sub {
		# an alarm is a division by zero
		return 'SELECT 1 / (count(*) = 0)::int FROM arbiter_check();';
	});

foreach my $isolation ('read committed', 'repeatable read', 'serializable')
{
	$node->safe_psql('postgres', <<'END');
SELECT arbiter_drop_resource(name, true) FROM arbiter_resource;
SELECT arbiter_create_resource('fresh');
SELECT arbiter_set_capacity('fresh', '2030-01-01', '2030-02-01', 400);
SELECT arbiter_reserve('fresh', '2030-01-01', '2030-01-20', 1) FROM generate_series(1, 50);
END
	my $resource = $node->safe_psql('postgres', 'SELECT resource_id FROM arbiter_resource');
	my %session;
	foreach my $name (keys %first_use)
	{
		$session{$name} = sub { return $first_use{$name}->($_[0], $resource); };
	}
	my ($granted, $states) = in_step($isolation, %session);

	cmp_ok($granted, '>', $ticks / 2, "$isolation: many were granted");
	is(unexpected($states, 'RV001', 'RV008', '40001'),
		'', "$isolation: no unexpected SQLSTATE at first use");
	is_healthy($node, "$isolation, first use", oversold => 1);
	$node->safe_psql('postgres', "SELECT arbiter_rebuild('fresh')");
	is_healthy($node, "$isolation, built again", oversold => 1);
}

is_log_clean($node, 'server');
$node->stop;
done_testing();
