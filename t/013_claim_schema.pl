
# The JSON schema of claim requests, docs/claim-request.schema.json, and what
# arbiter_check_claim_request() takes agree: in the keys of every kind of object,
# and on a few thousand documents, which are valid ones with one thing changed
# anywhere in them.  The schema cannot say everything: what it lets through and
# the function refuses is among a few mistakes, each with its own message.
#
# What a schema means is decided by a validator of our own, in SQL on jsonb.  It
# knows the keywords that this schema has, and refuses any other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use ArbiterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $schema = slurp_file("$FindBin::RealBin/../docs/claim-request.schema.json");
my $node = new_server('claim_schema');

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION is_valid(root jsonb, schema jsonb, given jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	kind CONSTANT text := jsonb_typeof(given);
	keys CONSTANT text[] := CASE kind WHEN 'object' THEN ARRAY(SELECT jsonb_object_keys(given)) END;
	size CONSTANT integer := CASE kind WHEN 'array' THEN jsonb_array_length(given)
		WHEN 'object' THEN cardinality(keys) WHEN 'string' THEN length(given #>> '{}') END;
	keyword text;
	rule jsonb;
	key text;
	hits integer;
	holds boolean;
BEGIN
	FOR keyword, rule IN SELECT * FROM jsonb_each(schema) LOOP
		holds := true;
		CASE keyword
			WHEN '$schema', '$defs', 'title', 'description', 'default' THEN
				NULL;
			WHEN '$ref' THEN
				holds := is_valid(root, root #> string_to_array(substr(rule #>> '{}', 3), '/'), given);
			WHEN 'type' THEN
				IF rule = '"integer"' THEN
					holds := kind = 'number' AND trunc(given::text::numeric) = given::text::numeric;
				ELSE
					holds := kind = rule #>> '{}';
				END IF;
			WHEN 'enum' THEN
				holds := rule @> jsonb_build_array(given);
			WHEN 'oneOf', 'anyOf' THEN
				hits := 0;
				FOR i IN 0 .. jsonb_array_length(rule) - 1 LOOP
					hits := hits + is_valid(root, rule -> i, given)::integer;
				END LOOP;
				holds := hits = 1 OR hits > 1 AND keyword = 'anyOf';
			WHEN 'minimum' THEN
				holds := kind <> 'number' OR given >= rule;
			WHEN 'maximum' THEN
				holds := kind <> 'number' OR given <= rule;
			WHEN 'minLength' THEN
				holds := kind <> 'string' OR size >= rule::integer;
			WHEN 'minItems' THEN
				holds := kind <> 'array' OR size >= rule::integer;
			WHEN 'maxItems' THEN
				holds := kind <> 'array' OR size <= rule::integer;
			WHEN 'minProperties' THEN
				holds := kind <> 'object' OR size >= rule::integer;
			WHEN 'uniqueItems' THEN
				IF kind = 'array' AND size > 1 THEN
					SELECT count(DISTINCT e) = size INTO holds FROM jsonb_array_elements(given) e;
				END IF;
			WHEN 'items' THEN
				FOR i IN 0 .. CASE kind WHEN 'array' THEN size END - 1 LOOP
					holds := holds AND is_valid(root, rule, given -> i);
				END LOOP;
			WHEN 'required' THEN
				holds := kind <> 'object' OR keys @> ARRAY(SELECT jsonb_array_elements_text(rule));
			WHEN 'propertyNames', 'properties', 'additionalProperties' THEN
				FOREACH key IN ARRAY coalesce(keys, '{}') LOOP
					IF keyword = 'propertyNames' THEN
						holds := holds AND is_valid(root, rule, to_jsonb(key));
					ELSIF keyword = 'properties' AND rule ? key THEN
						holds := holds AND is_valid(root, rule -> key, given -> key);
					ELSIF keyword = 'additionalProperties' AND NOT coalesce(schema -> 'properties' ? key, false) THEN
						holds := holds AND rule <> 'false' AND is_valid(root, rule, given -> key);
					END IF;
				END LOOP;
		END CASE;
		IF NOT holds THEN
			RETURN false;
		END IF;
	END LOOP;
	RETURN true;
END
$$;

-- what is wrong with a document: SQLSTATE, DETAIL and HINT; NULL: nothing
CREATE FUNCTION mistake(document jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM arbiter_check_claim_request(document);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN ARRAY[SQLSTATE, detail, hint];
END
$$;

CREATE FUNCTION nodes(document jsonb) RETURNS TABLE (path text[], value jsonb)
LANGUAGE sql IMMUTABLE AS $$
	WITH RECURSIVE node AS (
		SELECT '{}'::text[] AS path, document AS value
		UNION ALL
		SELECT node.path || inner_node.key, inner_node.value
		FROM node CROSS JOIN LATERAL (
			SELECT o.key, o.value FROM jsonb_each(CASE jsonb_typeof(node.value) WHEN 'object' THEN node.value ELSE '{}' END) o
			UNION ALL
			SELECT (a.ordinality - 1)::text, a.value
			FROM jsonb_array_elements(CASE jsonb_typeof(node.value) WHEN 'array' THEN node.value ELSE '[]' END)
				WITH ORDINALITY a) inner_node)
	SELECT node.path, node.value FROM node
$$;

-- a document with one thing changed
CREATE FUNCTION changed(document jsonb) RETURNS SETOF jsonb LANGUAGE sql IMMUTABLE AS $$
	WITH node AS (SELECT * FROM nodes(document)),
	put AS (
		SELECT v.value FROM jsonb_array_elements('[null, true, 0, -1, 1, 2, 1.5, 1e30, 9223372036854775807,
			9223372036854775808, -9223372036854775809, "", "a", "b", "zzz", "pack", [], {}, ["a"], ["b", "b"], [1, 1.0], {"a": 1}, {"": 1},
			{"": ["b"]}, {"any": ["a"]}, [{"any": ["a"]}], {"require": ["a"], "forbid": ["a"]}, {"min": 2, "max": 1},
			{"min": 2}, {"type": "a", "to": "a", "max": "a"}, {"resources": {"a": 1}}]') v),
	key AS (
		SELECT k FROM unnest('{groups,name,resources,capabilities,resource_capabilities,member_of,distances,
			single_provider,isolate_from,same_group,choose,partition,min,max,require,any,forbid,type,to,
			to_group,zzz,"",a}'::text[]) k)
	SELECT document
	UNION ALL
	-- in the place of it
	SELECT CASE WHEN path = '{}' THEN put.value ELSE jsonb_set(document, path, put.value) END FROM node, put
	UNION ALL
	-- without it
	SELECT document #- path FROM node WHERE path <> '{}'
	UNION ALL
	-- one more in it
	SELECT jsonb_insert(document, path || '-1'::text, put.value, true) FROM node, put
	WHERE jsonb_typeof(node.value) = 'array'
	UNION ALL
	SELECT jsonb_insert(document, path || '-1'::text, node.value -> 0, true) FROM node
	WHERE jsonb_typeof(node.value) = 'array'
	UNION ALL
	SELECT CASE WHEN path = '{}' THEN document || jsonb_build_object(k, put.value)
		ELSE jsonb_set(document, path || k, put.value) END
	FROM node, key, put
	WHERE jsonb_typeof(node.value) = 'object' AND NOT node.value ? k
		AND put.value IN ('"a"', '"b"', '["b"]', '{"any": ["a"]}', '1', 'true')
$$;

CREATE TABLE base (document jsonb);
INSERT INTO base VALUES ('{
	"groups": [{
		"name": "a",
		"resources": {"cpu": 1, "memory": {"min": 1, "max": 2}},
		"capabilities": [{"require": ["v", "w"], "any": ["x"], "forbid": ["y"]}],
		"resource_capabilities": {"cpu": {"forbid": ["z"]}},
		"member_of": {"any": ["east"]},
		"distances": [{"type": "network", "to": "east", "min": "near", "max": "far"},
			{"type": "network", "to_group": "b", "max": "far"}],
		"single_provider": false,
		"isolate_from": ["b", 4711],
		"same_group": {"rack": "b", "row": ["b"]}
	}, {
		"name": "b",
		"resources": {"gpu": 1}
	}],
	"choose": "spread",
	"partition": "lab"}'),
	('{"resources": {"cpu": 1}, "capabilities": {"any": ["x"]}, "choose": "random"}'),
	((SELECT jsonb_build_object('groups', jsonb_agg('{"resources": {"a": 1}}'::jsonb)) FROM generate_series(1, 64)));
SQL

# Of the 64 groups, one is as good as another.
$node->safe_psql('postgres', q{
	CREATE TABLE trial AS
	SELECT d.document, mistake(d.document) AS mistake
	FROM (
		SELECT changed(document) AS document FROM base WHERE jsonb_array_length(document -> 'groups') IS DISTINCT FROM 64
		UNION
		SELECT document FROM base
		UNION
		SELECT jsonb_insert(document, '{groups,0}', '{"resources": {"a": 1}}') FROM base WHERE document ? 'groups') d;
	ANALYZE trial;
});

# disagreements tells on which documents a schema and the function do not agree,
# one line for each kind: the DETAIL without what differs, or "taken".  Without
# what a schema cannot say, the first one is enough.
sub disagreements
{
	my ($schema, $sayable) = @_;
	my $only = $sayable ? 'AND kind = ANY (ARRAY[mistake[2], document::text]) LIMIT 1' : 'GROUP BY kind';

	return $node->safe_psql('postgres', qq{
		SELECT kind
		FROM trial CROSS JOIN LATERAL coalesce(substring(mistake[2] FROM
			'no group of the request|group it belongs to|so has groups|more than the maximum|requires and forbids|group does not ask for'),
			mistake[2], document::text) kind
		WHERE is_valid(\$\$$schema\$\$, \$\$$schema\$\$, document) <> (mistake IS NULL) $only});
}

my $trials = $node->safe_psql('postgres', 'SELECT count(*) FROM trial');
cmp_ok($trials, '>', 2000, "$trials documents");
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM trial WHERE mistake IS NULL'),
	'>', 200, 'some of them are taken');
is($node->safe_psql('postgres', q{SELECT count(*) FROM trial WHERE mistake[1] NOT IN ('22023', '22004', 'RV005')}),
	0, 'each mistake has its SQLSTATE');
is($node->safe_psql('postgres', q{SELECT count(*) FROM trial WHERE mistake[2] = '' OR mistake[3] = ''}),
	0, 'and a DETAIL and a HINT');

is(join("\n", sort split /\n/, disagreements($schema)),
	join("\n", 'group does not ask for', 'group it belongs to', 'more than the maximum',
		'no group of the request', 'requires and forbids', 'so has groups'),
	'the schema and the function agree but for what a schema cannot say');

is($node->safe_psql('postgres', qq{
	SELECT document FROM trial CROSS JOIN LATERAL arbiter_check_claim_request(document) c (full_form)
	WHERE mistake IS NULL AND (arbiter_check_claim_request(full_form) <> full_form
		OR NOT is_valid(\$\$$schema\$\$, \$\$$schema\$\$, full_form))}),
	'', 'the full form of a request is valid, and read as itself');

# A schema that says something else is noticed.
my %other = (
	'another key' => [ qr/"partition": \{/, '"partitions": {' ],
	'a key less' => [ qr/^\s*"to_group":.*\n/m, '' ],
	'a key that is required' => [ qr/"required": \["type"\]/, '"required": ["type", "max"]' ],
	'another minimum' => [ qr/"minimum": 1,/, '"minimum": 0,' ],
	'another limit of groups' => [ qr/"maxItems": 64/, '"maxItems": 65' ],
	'names that may be empty' => [ qr/"string", "minLength": 1/, '"string", "minLength": 0' ],
	'another way to choose' => [ qr/"spread"/, '"scatter"' ]);
foreach my $change (sort keys %other)
{
	my ($from, $to) = @{ $other{$change} };

	isnt(disagreements($schema =~ s/$from/$to/r, 1), '', "$change would be noticed");
}

# The keys that a HINT lists are those of the schema, of every kind of object.
my $listed = $node->safe_psql('postgres', q{
	SELECT title || ': ' || (SELECT string_agg(k, ' ' ORDER BY k) FROM regexp_split_to_table(list, ', | and ') k)
	FROM (SELECT substring(mistake[3] FROM '^(.*) has the keys') AS title,
			substring(mistake[3] FROM 'has the keys (.*)\.$') AS list
		FROM trial WHERE mistake[2] LIKE '%unknown key%') h
	GROUP BY title, list
	ORDER BY title COLLATE "C"});
my $defined = $node->safe_psql('postgres', qq{
	SELECT v.title || ': ' || (SELECT string_agg(DISTINCT k, ' ' ORDER BY k)
		FROM unnest(v.names) n, jsonb_object_keys(\$\$$schema\$\$::jsonb #> ARRAY['\$defs', n, 'properties']) k)
	FROM (VALUES ('A block', '{block}'::text[]), ('A distance', '{distance}'), ('A group', '{group}'),
		('A request', '{request,single}'), ('A request with groups', '{request}'),
		('An amount from minimum to maximum', '{amount_range}')) v (title, names)
	ORDER BY title COLLATE "C"});
is($listed, $defined, 'the keys listed in hints are those of the schema');

is_log_clean($node, 'server');
done_testing();
