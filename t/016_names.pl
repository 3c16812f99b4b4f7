# Every library that a session has loaded may define a function of the same name
# as one of ours: what we call must be our own all the same.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my ($directory) = run_command([ $pg_config, '--pkglibdir' ]);
my $library = "$directory/arbiter.so";

my ($symbols, $stderr) = run_command([ 'nm', '-D', '--defined-only', $library ]);
is($stderr, '', 'the symbols of the library can be read');
my %own = map { /(\S+)$/ ? ($1 => 1) : () } split /\n/, $symbols;
cmp_ok(scalar(keys %own), '>', 100, 'it has some');

my ($relocations) = run_command([ 'readelf', '-W', '-r', $library ]);
my %called = map { /JUMP_SLO\S*\s+\S+\s+(\w+)/ ? ($1 => 1) : () } split /\n/, $relocations;
cmp_ok(scalar(keys %called), '>', 20, 'functions of the server are looked up by name');
is(join(' ', grep { $own{$_} } sort keys %called), '', 'and none of its own');

done_testing();
