
# RandomWork: sessions that do random work for a few seconds, and what must be
# true of them meanwhile and afterwards.

package RandomWork;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

use ArbiterTest;

our @EXPORT = qw(
  $busy_conf
  random_days
  random_active
  random_script
  judge_sessions
  random_rounds
  create_mix_resources
  random_mix
);

# For a server on which many sessions fight.
our $busy_conf = <<'END';
autovacuum_naptime = 1s
deadlock_timeout = 50ms
max_pred_locks_per_transaction = 1000
END

# random_days returns start and end, in SQL, of a few days or of months, so of
# several chunks, from the first day of 2030 on or one of so many after it.
sub random_days
{
	my ($first, $days) = @_;
	my $from = $first + int(rand($days));
	my $to = $from + 1 + (rand() < 0.25 ? int(rand(60)) : int(rand(6)));

	return map { "timestamptz '2030-01-01' + interval '$_ days'" } ($from, $to);
}

# random_active returns in SQL the id of a reservation that is active, an old one
# or a new one; a condition may leave some out.
sub random_active
{
	my ($condition) = @_;

	return sprintf '(SELECT reservation_id FROM (SELECT reservation_id FROM arbiter_reservation'
	  . " WHERE status IN ('held', 'confirmed') AND %s ORDER BY reservation_id %s OFFSET %d LIMIT 1) v)",
	  $condition // 'true', rand() < 0.5 ? 'DESC' : '', int(rand(20));
}

# random_script writes the random work of one session, a psql script.
#
# seed: the same seed gives the same script
# kinds: [ weight, sub that returns statements ], of which each is one
# statements: how many
# seconds: the session stops at the first convenient statement after this, but
#	not before 50 statements a second: so much is done on a slow machine, too
# isolation: default_transaction_isolation of the session
# settings: more of them, statements
# check: ask arbiter_check() and arbiter_conflicts() now and then, see
#	judge_sessions
sub random_script
{
	my (%option) = @_;
	my @kind = @{ $option{kinds} };
	my $script = $option{settings} // '';
	my $total = 0;

	push @kind, [ 1, sub {
		return "SELECT 'check', count(*) FROM arbiter_check();\nSELECT 'conflicts', count(*) FROM arbiter_conflicts();";
	} ] if $option{check};
	$total += $_->[0] foreach @kind;

	srand($option{seed});
	$script .= "SET default_transaction_isolation = '$option{isolation}';\n" if $option{isolation};
	$script .= "SELECT clock_timestamp() + interval '$option{seconds} s' AS deadline \\gset\n";
	foreach my $number (1 .. $option{statements})
	{
		my $pick = rand($total);
		my $which = 0;

		$pick -= $kind[ $which++ ]->[0] while $pick >= $kind[$which]->[0];
		$script .= $kind[$which]->[1]->() . "\n";
		$script .= "SELECT clock_timestamp() > :'deadline' AS done \\gset\n\\if :done\n\\q\n\\endif\n"
		  if $number % 20 == 0 && $number >= 50 * $option{seconds};
	}
	return $script;
}

# judge_sessions waits for sessions and tests that they met no SQLSTATE that is
# not allowed, that no check was alarmed meanwhile, that enough was done, and that
# afterwards all is as it should be.
#
# allowed: the SQLSTATEs; 40001 is allowed too, unless isolation is READ COMMITTED
# often: how many lines of output "word|..." there are more than, by word
#
# Returns how many lines there are by word, and how many errors by SQLSTATE.
sub judge_sessions
{
	my ($node, $label, $sessions, %option) = @_;
	my %allowed = map { $_ => 1 } @{ $option{allowed} },
	  $option{isolation} eq 'read committed' ? () : '40001';
	my (%count, @alarm);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	reap(@$sessions);
	my $states = sqlstates(@$sessions);
	foreach my $session (@$sessions)
	{
		$count{$1}++ while $session->{stdout} =~ /^([a-z]+)\|\S/mg;
		push @alarm, $session->{stdout} =~ /^((?:check|conflicts)\|[1-9]\d*)$/mg;
	}
	note "$label: ", join ', ', (map { "$count{$_} $_" } sort keys %count),
	  map { "$states->{$_} x $_" } sort keys %$states;

	cmp_ok($count{$_} // 0, '>', $option{often}->{$_}, "$label: often $_")
	  foreach sort keys %{ $option{often} };
	is(join(', ', grep { !$allowed{$_} } sort keys %$states), '', "$label: no unexpected SQLSTATE");
	is("@alarm", '', "$label: no alarm meanwhile");
	is(scalar(grep { $_->{stderr} =~ /connection to server was lost/ } @$sessions),
		0, "$label: no session was lost");
	is_healthy($node, $label);
	is_log_clean($node, $label);
	return (\%count, $states);
}

# random_rounds has sessions do random work at each isolation level, for a round
# each, and judges them.
#
# ARBITER_SEED repeats a run's statements; ARBITER_SECONDS (default 4) is how
# long each round lasts, ARBITER_CLIENTS (default 8) how many sessions.
#
# kinds: see random_script
# allowed, often: see judge_sessions, but so often a second
# after: called at the end of a round with its label and the counts of outputs
sub random_rounds
{
	my ($node, %option) = @_;
	my $seconds = $ENV{ARBITER_SECONDS} // 4;
	my $clients = $ENV{ARBITER_CLIENTS} // 8;
	my $seed = $ENV{ARBITER_SEED} // time;
	my %often = map { $_ => $seconds * $option{often}->{$_} } keys %{ $option{often} };

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note "seed $seed";
	foreach my $isolation ('read committed', 'repeatable read', 'serializable')
	{
		my @sessions = map {
			start_psql(
				$node,
				random_script(
					kinds => $option{kinds},
					seed => $seed + 100 * length($isolation) + $_,
					statements => 4000 * $seconds,
					seconds => $seconds,
					isolation => $isolation,
					settings => "SET arbiter.search_horizon = 0;\n",
					check => 1),
				name => "client $_")
		} 1 .. $clients;
		my ($count) = judge_sessions($node, $isolation, \@sessions,
			isolation => $isolation, allowed => $option{allowed}, often => \%often);

		$option{after}->($isolation, $count) if $option{after};
	}
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
# seed, statements, seconds, isolation, check: see random_script
# first: reservations before this id are left alone
# keep: no row is deleted
# several: transactions of several calls too (those may meet 40P01)
#
# Lines of output: "granted|id" and "cancelled|id" for what was acknowledged,
# "held|id" and "marked|rows" for holds, most of which expire within the run.
sub random_mix
{
	my (%option) = @_;
	my @name = qw(hot wide grain endless);
	my %span = (hot => 24 * 4, wide => 365 * 24 * 4, grain => 90 * 24 * 4, endless => 60 * 24 * 4);
	my $first = $option{first} // 1;

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

	# parts of one reservation are locked in the order of the primary key
	return random_script(
		%option,
		kinds => \@kind,
		settings => "SET arbiter.search_horizon = '7 d';\nSET enable_seqscan = off;\nSET enable_bitmapscan = off;\n");
}

1;
