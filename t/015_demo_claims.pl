
# scripts/demo-claims.sql on a small trace, and an oracle that knows nothing of
# arbiter: in the order of the tasks, what was placed had room on that node at
# every instant of its range, and what was refused had room on none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $scripts = "$FindBin::RealBin/../scripts";
my $trace = PostgreSQL::Test::Utils::tempdir();
my $node = new_server('demo_claims', extension => 0);

# The first of the made-up trace: not all of them fit on three nodes.
foreach my $what ([ 'pods', 300 ], [ 'nodes', 30 ])
{
	my ($name, $rows) = @$what;
	my $made;

	IPC::Run::run([ 'awk', '-v', "what=$name", '-f', "$scripts/demo-trace.awk" ], '>', \$made)
	  or die 'awk failed';
	append_to_file("$trace/$name.csv", join '', ($made =~ /^.*\n/mg)[ 0 .. $rows ]);
}

# rows returns the rows of a file of the trace, each as a hash, with its line.
sub rows
{
	my ($header, @rows) = split /\n/, slurp_file("$trace/$_[0].csv");
	my @columns = split /,/, $header;
	my $line = 0;

	return map {
		my %row = (line => ++$line);
		@row{@columns} = split /,/, $_, -1;
		\%row
	} @rows;
}

my ($written, $complaints) = ('', '');
my @command = ($node->installed_command('psql'), '-Xq', '-v', 'ON_ERROR_STOP=1', '-v', 'part=10', '-d', $node->connstr('postgres'));
{
	local %ENV = $node->_get_env();
	IPC::Run::run(\@command, '<', "$scripts/demo-claims.sql", '>', \$written, '2>', \$complaints,
		init => sub { chdir $trace or die "no $trace" });
}
is($?, 0, 'the script runs') or diag($complaints);
like($written, qr/^--- The checker.*\n.*\n-+(\+-+)*\n\n?\z/m, 'and the checker is content')
  or diag($written);

my %node_of = map { $_->{sn} => $_ } rows('nodes');
my %task_of = map { $_->{line} => $_ } grep { $_->{scheduled_time} ne '' } rows('pods');
my @order = sort { $a->{scheduled_time} <=> $b->{scheduled_time} || $a->{line} <=> $b->{line} } values %task_of;

# has_room tells whether a task fits on a node beside those that are there.
sub has_room
{
	my ($place, $task, @others) = @_;
	my @instants = grep { $_ >= $task->{scheduled_time} && $_ < $task->{deletion_time} }
	  $task->{scheduled_time}, map { $_->{scheduled_time} } @others;

	return 0 if $task->{gpu_spec} ne '' && !grep { $_ eq $place->{model} } split /\|/, $task->{gpu_spec};
	foreach my $kind ([ 'cpu_milli', 'cpu_milli' ], [ 'memory_mib', 'memory_mib' ], [ 'num_gpu', 'gpu' ])
	{
		my ($wanted, $has) = @$kind;

		foreach my $instant (@instants)
		{
			my $taken = 0;

			$taken += $_->{$wanted}
			  foreach grep { $_->{scheduled_time} <= $instant && $_->{deletion_time} > $instant } @others;
			return 0 if $task->{$wanted} > 0 && $taken + $task->{$wanted} > $place->{$has};
		}
	}
	return 1;
}

my %used;
foreach my $run ([ 1, 'pack' ], [ 1, 'spread' ], [ 1, 'random' ], [ 10, 'pack' ], [ 10, 'spread' ], [ 10, 'random' ])
{
	my ($one_in, $choose) = @$run;
	my %placed = map { my ($line, $name) = split /\|/, $_, -1; $line => $name } split /\n/,
	  $node->safe_psql('postgres', "SELECT line, provider FROM placement WHERE one_in = $one_in AND choose = '$choose'");
	my @nodes = grep { $_->{line} % $one_in == 0 } values %node_of;
	my (%on, @wrong);

	foreach my $task (@order)
	{
		my $name = $placed{ $task->{line} };

		if (!defined $name)
		{
			push @wrong, "task $task->{line} was left out";
		}
		elsif ($name eq '')
		{
			push @wrong, map { "task $task->{line} was refused, but fits on $_->{sn}" }
			  grep { has_room($_, $task, @{ $on{ $_->{sn} } // [] }) } @nodes;
		}
		elsif (!grep { $_->{sn} eq $name } @nodes)
		{
			push @wrong, "task $task->{line} was placed on $name";
		}
		else
		{
			push @wrong, "task $task->{line} does not fit on $name"
			  if !has_room($node_of{$name}, $task, @{ $on{$name} // [] });
			push @{ $on{$name} }, $task;
		}
	}
	is(join("\n", @wrong), '', "$choose, one in $one_in: placed where there is room, refused where there is none");
	is(scalar(keys %placed), scalar(@order), 'every task has its row');
	$used{"$choose $one_in"} = keys %on;
	my $refused = grep { $_ eq '' } values %placed;
	note "$choose, one in $one_in: $refused refused, $used{\"$choose $one_in\"} nodes used";
	cmp_ok($refused, '>', 0, 'three nodes are not enough') if $one_in == 10;
}
cmp_ok($used{'pack 1'}, '<', $used{'spread 1'}, 'packed on fewer nodes than spread');

is_log_clean($node, 'server');
done_testing();
