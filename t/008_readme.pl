
# The examples of the documents are run as written: every sql block of README.md,
# and of each docs/*.md, in order, in a database for each document, by psql with
# ON_ERROR_STOP.  A text block right after a sql block is what the sql block's end
# writes, to the letter; only blanks at ends of lines, which psql pads with, do not
# count.  A block without one may write what it likes, but must not fail.
#
# A block is left out only if its first line says why:
#	-- not run by the tests: REASON
#
# Then the same with every text block changed a little: each must be noticed.
# Links within the documents lead somewhere, too, and README.md names every
# function, table and view there is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/..";
my $node = new_server('readme', extension => 0);

# blocks returns the fenced blocks of a document: language, text, the line the
# block starts at, and whether only blank lines stand between it and the block
# before.
sub blocks
{
	my ($document) = @_;
	my (@blocks, $open);
	my $number = 0;
	my $adjacent = 0;

	foreach my $line (split /\n/, $document)
	{
		$number++;
		if ($open)
		{
			if ($line =~ /^```\s*$/)
			{
				push @blocks, $open;
				undef $open;
				$adjacent = 1;
			}
			else
			{
				$open->{text} .= "$line\n";
			}
		}
		elsif ($line =~ /^\s*(?:```|~~~)(.*)$/)
		{
			$open = { language => $1, text => '', line => $number, adjacent => $adjacent };
		}
		elsif ($line =~ /\S/)
		{
			$adjacent = 0;
		}
	}
	die "block of line $open->{line} does not end" if $open;
	return @blocks;
}

# examples pairs the sql blocks of a document with the outputs that follow them.
sub examples
{
	my ($document) = @_;
	my @examples;
	my $last;

	foreach my $block (blocks($document))
	{
		if ($block->{language} eq 'sql')
		{
			push @examples, $block;
			$last = $block;
		}
		elsif ($block->{language} eq 'text')
		{
			die "output of line $block->{line} does not follow a sql block"
			  if !$last || !$block->{adjacent};
			$last->{output} = $block->{text};
			undef $last;
		}
		else
		{
			undef $last;
		}
	}
	return @examples;
}

# Outputs of statements are parted by blank lines.
sub paragraphs
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	return grep { /\S/ } split /\n{2,}/, $text =~ s/\A\n+|\n+\z//gr;
}

# run_block runs a block as somebody would who pastes it into psql, and returns
# what is wrong with it.
sub run_block
{
	my ($dbname, $block) = @_;
	my $written = '';
	my @command = (
		$node->installed_command('psql'), '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'footer=off',
		'-P', 'pager=off', '-d', $node->connstr($dbname));

	local %ENV = $node->_get_env();
	IPC::Run::run(\@command, '<', \$block->{text}, '>', \$written, '2>&1');
	my $failed = $? != 0;
	my @got = paragraphs($written);
	my @wanted = paragraphs($block->{output} // '');

	if (!defined $block->{output})
	{
		return $failed ? "line $block->{line}: fails:\n$written" : ();
	}
	return "line $block->{line}: an empty output proves nothing" if !@wanted;
	return "line $block->{line}: " . ($failed ? 'fails' : 'does not fail') . ":\n$written"
	  if $failed != ($wanted[-1] =~ /^ERROR:  /m ? 1 : 0);
	@got = @got[ -@wanted .. -1 ] if @got > @wanted;
	my $got = join "\n\n", @got;
	my $wanted = join "\n\n", @wanted;
	return "line $block->{line}: writes\n$got\nbut the document says\n$wanted"
	  if $got ne $wanted;
	return;
}

# problems runs a document in a new database and returns what is wrong with it.
# Nothing of it is left.
sub problems
{
	my ($document, %option) = @_;
	my @problems;

	$node->safe_psql('postgres',
		"CREATE DATABASE document ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql('document', 'CREATE EXTENSION arbiter CASCADE')
	  if $document !~ /^CREATE EXTENSION arbiter\b/m;
	foreach my $block (examples($document))
	{
		next if $block->{text} =~ /\A-- not run by the tests: \S/;
		push @problems, run_block('document', $block);
	}
	$node->safe_psql('postgres', 'DROP DATABASE document');
	$node->safe_psql('postgres', $node->safe_psql('postgres', q{
		SELECT format('DROP ROLE %I;', rolname) FROM pg_roles
		WHERE rolname !~ '^pg_' AND rolname <> current_user}));
	return @problems;
}

# alter changes one character of each output, in a place that moves from one to
# the next.
sub alter
{
	my ($document) = @_;
	my $number = 0;

	$document =~ s{^(```sql\n.*?^```\n\n?```text\n)(.*?)(^```\n)}{
		my ($before, $output, $after) = ($1, $2, $3);
		my @places;
		push @places, pos($output) - 1 while $output =~ /[[:alnum:]]/g;
		my $place = $places[ $number++ * 7 % @places ];
		substr($output, $place, 1) =~ tr/0-9A-Za-z/1-90B-ZAb-za/;
		"$before$output$after"}gmse;
	return $document;
}

# lost_links returns the links of a document that lead nowhere.
sub lost_links
{
	my ($file, $document) = @_;
	my @lost;
	my $directory = $file =~ s{[^/]*$}{}r;

	$document =~ s/^```.*?^```$//gms;
	while ($document =~ /\]\(([^)\s]+)\)/g)
	{
		my $link = $1;
		my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
		next if $path =~ /^https?:/;
		my $target = $path eq '' ? $file : "$directory$path";
		my %anchors;

		if (-f $target && defined $anchor)
		{
			my $text = slurp_file($target) =~ s/^```.*?^```$//gmsr;
			# as forges derive them from headings
			$anchors{ lc($1) =~ s/[^\w -]//gr =~ s/ /-/gr } = 1 while $text =~ /^#+ (.*)$/mg;
		}
		push @lost, $link if !-f $target || (defined $anchor && !$anchors{$anchor});
	}
	return @lost;
}

my $outputs = 0;
foreach my $file ("$top/README.md", sort glob "$top/docs/*.md")
{
	my $document = slurp_file($file);
	my $name = $file =~ s{.*/}{}r;
	my @examples = examples($document);
	my $with_output = grep { defined $_->{output} } @examples;

	is(join(' ', lost_links($file, $document)), '', "links of $name");
	next if !@examples;
	$outputs += $with_output;
	note "$name: " . @examples . " examples, $with_output with their output";
	my @problems = problems($document);
	is(join("\n\n", @problems), '', "examples of $name");
	is(scalar(problems(alter($document))), $with_output, "wrong outputs in $name are noticed")
	  if $with_output && !@problems;
}
cmp_ok($outputs, '>', 10, 'examples were found');

# Names as they are written in code, so that one within another does not count.
$node->safe_psql('postgres', 'CREATE EXTENSION arbiter CASCADE');
my %named = map { $_ => 1 } slurp_file("$top/README.md") =~ /\barbiter_[a-z_]+/g;
my @objects = split /\n/, $node->safe_psql('postgres', q{
	SELECT DISTINCT coalesce(p.proname, c.relname)
	FROM pg_depend d
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	LEFT JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
	LEFT JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'v')
	WHERE e.extname = 'arbiter' AND (p.oid IS NOT NULL OR c.oid IS NOT NULL)});
cmp_ok(scalar(@objects), '>', 30, 'functions, tables and views were found');
is(join(' ', grep { !$named{$_} } @objects), '', 'README.md names all of them');

# The roles of the README have, between them, whatever is for people.
my ($roles) = grep { $_->{text} =~ /^CREATE ROLE reader;/m } examples(slurp_file("$top/README.md"));
my %granted = map { $_ => 1 } $roles->{text} =~ /\barbiter_[a-z_]+/g;
my @for_people = split /\n/, $node->safe_psql('postgres', q{
	SELECT DISTINCT coalesce(p.proname, c.relname)
	FROM pg_depend d
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	LEFT JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass
		AND p.prorettype <> 'trigger'::regtype
	LEFT JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'v')
	WHERE e.extname = 'arbiter' AND (p.oid IS NOT NULL OR c.oid IS NOT NULL)});
is(join(' ', grep { !$granted{$_} } @for_people), '', 'a role of README.md has each of them');

# What else would make an example worthless.
my %worthless = (
	'a failing block without an output' => "```sql\nSELECT 1/0;\n```\n",
	'an error that does not happen' => "```sql\nSELECT 1 AS a;\n```\n```text\nERROR:  division by zero\n```\n",
	'an output that is not the last' => "```sql\nSELECT 1 AS a;\nSELECT 2 AS a;\n```\n```text\n a\n---\n 1\n```\n",
	'a part of an output' => "```sql\nSELECT 1 AS a UNION ALL SELECT 2;\n```\n```text\n 2\n```\n",
	'an error past the output' => "```sql\nSELECT 1 AS a;\nSELECT 1/0;\n```\n```text\n a\n---\n 1\n```\n",
	'an empty output' => "```sql\nSELECT 1;\n```\n```text\n```\n");
is(scalar(problems($worthless{$_})), 1, "$_ is noticed") foreach sort keys %worthless;
is(scalar(problems("```sql\nSELECT 0;\nSELECT 1 AS a;\n```\n\n```text\n a\n---\n 1\n```\n")), 0,
	'the end of the output is what counts');
is(eval { examples("```sql\nSELECT 1;\n```\nprose\n```text\n1\n```\n"); 1 },
	undef, 'an output away from its block is noticed');

is(scalar(lost_links("$top/README.md", '[a](nowhere.md) [b](#nowhere) [c](#tasks)')), 2,
	'lost links are noticed');

is_log_clean($node, 'server');
done_testing();
