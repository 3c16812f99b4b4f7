-- arbiter_report: one self-contained page, in a database of its own.
SET client_min_messages TO warning;
SELECT current_database() AS home \gset
CREATE DATABASE regression_arbiter_report TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regression_arbiter_report
SET jit TO off;
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset format unaligned
\pset tuples_only on
\pset null '(null)'
CREATE EXTENSION arbiter CASCADE;

CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- What is not well-formed, or not as a page of ours has to be.
CREATE FUNCTION problems(page text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	token text;
	element text;
	open text[] := '{}';
	id text;
	ids text[] := '{}';
	target text;
BEGIN
	IF page !~ '^<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n<meta name="viewport"' THEN
		RETURN NEXT 'head: ' || left(page, 100);
	END IF;
	FOR token IN SELECT (regexp_matches(substr(page, 16), '<[^>]*>|[^<]+', 'g'))[1] LOOP
		IF token ~ '^</' THEN
			element := substring(token, '^</([a-z0-9]+)>$');
			IF element IS DISTINCT FROM open[cardinality(open)] THEN
				RETURN NEXT format('%s closes %s', token, open[cardinality(open)]);
				RETURN;
			END IF;
			open := trim_array(open, 1);
		ELSIF token ~ '^<' THEN
			IF token !~ '^<[a-z][a-z0-9]*( [a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*/?>$' THEN
				RETURN NEXT 'tag: ' || token;
			END IF;
			IF token !~ '/>$' THEN
				open := open || substring(token, '^<([a-z0-9]+)');
			END IF;
			FOR id IN SELECT (regexp_matches(token, ' id="([^"]*)"', 'g'))[1] LOOP
				IF id = ANY (ids) THEN
					RETURN NEXT 'id twice: ' || id;
				END IF;
				ids := ids || id;
			END LOOP;
			-- nothing to fetch, nothing to run
			IF token ~ '^<(script|iframe|frame|link|img|image|object|embed|form|input|base|audio|video)\M'
				OR token ~ ' (src|srcset|on[a-z]+|action|formaction|background|xlink:href|http-equiv)="'
				OR token ~ ' href="[^#]' OR token ~ 'style="[^"]*url' THEN
				RETURN NEXT 'not self-contained: ' || token;
			END IF;
			IF token ~ '^<svg' AND token !~ '(role="img".* (aria-label|aria-labelledby)=|aria-hidden=|class="(plot|lane)")' THEN
				RETURN NEXT 'picture without a name: ' || token;
			END IF;
			IF token ~ '^<th[ >]' AND token !~ ' scope=' THEN
				RETURN NEXT 'header without scope: ' || token;
			END IF;
		END IF;
		IF token ~ '&(?!(amp|lt|gt|quot|#[0-9]+);)' THEN
			RETURN NEXT 'ampersand: ' || token;
		END IF;
		IF token ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f]' THEN
			RETURN NEXT 'control character: ' || token;
		END IF;
	END LOOP;
	IF open <> '{}' THEN
		RETURN NEXT 'not closed: ' || open::text;
	END IF;
	FOR target IN SELECT (regexp_matches(page, '(?:href="#|url\(#|labelledby=")([^")]*)', 'g'))[1] LOOP
		FOREACH id IN ARRAY string_to_array(target, ' ') LOOP
			IF id <> ALL (ids) THEN
				RETURN NEXT 'goes nowhere: ' || id;
			END IF;
		END LOOP;
	END LOOP;
	IF substring(page, '<style>.*</style>') ~ '@import|url\((?!#)|expression' THEN
		RETURN NEXT 'style fetches something';
	END IF;
END
$$;

-- What somebody reads, without the style and the version.
CREATE FUNCTION words(page text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(line, E'\n' ORDER BY n)
	FROM regexp_split_to_table(
		regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
			regexp_replace(page, '<style>.*?</style>', ''),
			'Made by arbiter [^<]*', 'Made by arbiter'),
			'</(td|th|li|dd|text|title|desc)>', ' | ', 'g'),
			'</dt>', ': ', 'g'),
			'</(tr|p|h[1-6]|div|figcaption|figure)>|<tr>', E'\n', 'g'),
			'<[^>]*>', '', 'g'), '[ |]*\n') WITH ORDINALITY l (line, n)
	WHERE line ~ '[[:alnum:]]'
$$;

-- the curves of the n-th picture
CREATE FUNCTION curves(page text, number integer) RETURNS TABLE (kind text, path text) LANGUAGE sql AS $$
	SELECT m[1], m[2]
	FROM regexp_matches(substring(page, '<figure class="row" id="resource-' || number || '">(.*?)</figure>'),
		'<path class="([a-z]+)"[^>]* d="([^"]*)"', 'g') m
$$;

-- an empty database
SELECT problems(arbiter_report('2086-01-01', '2086-01-03'));
SELECT words(arbiter_report('2086-01-01', '2086-01-03'));

-- a resource without a schedule, and nothing asked of it
SELECT arbiter_create_resource('bare') > 0;
SELECT problems(arbiter_report('2086-01-01', '2086-01-03'));
SELECT words(arbiter_report('2086-01-01', '2086-01-03'));
SELECT * FROM curves(arbiter_report('2086-01-01', '2086-01-03'), 1);

-- Capacity 4, then none for half a day, then 8; a quarter is float.
SELECT arbiter_create_resource('room', unit => 'seat', float_percent => 25) > 0;
SELECT arbiter_set_capacity('room', '2086-01-01', '2086-01-02', 4);
SELECT arbiter_set_capacity('room', '2086-01-02 12:00', 'infinity', 8);
SELECT arbiter_reserve('room', '2086-01-01 06:00', '2086-01-01 18:00', 2, 'ada') > 0;
SELECT arbiter_reserve('room', '2086-01-01 12:00', '2086-01-01 18:00', 1, 'ada') > 0;
SELECT arbiter_reserve('room', '2086-01-02 18:00', 'infinity', 6, 'bob') > 0;
SELECT arbiter_reserve('room', '2086-01-02 18:00', '2086-01-02 20:00', 2, 'guest', tryout => true) > 0;
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, expires_at)
SELECT resource_id, '[2086-01-02 12:00, 2086-01-02 16:00)', 3, 'cleo', 'held', '2099-12-31 12:34:56' FROM arbiter_resource WHERE name = 'room';
-- neither of these counts
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status, expires_at)
SELECT resource_id, '[2086-01-02 12:00, 2086-01-02 16:00)', 3, 'dan', 'held', '2024-01-01' FROM arbiter_resource WHERE name = 'room';
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id, status)
SELECT resource_id, '[2086-01-02 12:00, 2086-01-02 16:00)', 3, 'eve', 'cancelled' FROM arbiter_resource WHERE name = 'room';
-- refused: the same twice, one that starts before the range and one outside the schedule
SELECT reason FROM arbiter_try_reserve('room', '2086-01-01 12:00', '2086-01-01 18:00', 4, 'bob');
SELECT reason FROM arbiter_try_reserve('room', '2086-01-01 12:00', '2086-01-01 18:00', 4, 'bob');
SELECT reason FROM arbiter_try_reserve('room', '2085-12-31', '2086-01-01 15:00', 1, 'cleo');
SELECT reason FROM arbiter_try_reserve('room', '2086-01-02 06:00', '2086-01-02 07:00', 1, 'cleo');
-- oversold from noon to three
SELECT arbiter_set_capacity('room', '2086-01-01 12:00', '2086-01-01 15:00', 1, force => true);
SELECT problems(arbiter_report('2086-01-01', '2086-01-03'));
SELECT words(arbiter_report('2086-01-01', '2086-01-03'));
SELECT * FROM curves(arbiter_report('2086-01-01', '2086-01-03'), 2);
-- where a step of the curve is longer than what happens in it: its peak, its average, its dips
SELECT words(arbiter_report('2086-01-01', '2088-01-01', '{room}'));
SELECT kind, left(path, 60) FROM curves(arbiter_report('2086-01-01', '2088-01-01', '{room}'), 1);

-- the same each time, and by the clock of the session
SELECT arbiter_report('2086-01-01', '2086-01-03') = arbiter_report('2086-01-01', '2086-01-03');
SELECT md5(arbiter_report('2086-01-01', '2086-01-03', '{room}')) AS page \gset
SET timezone TO 'Asia/Kolkata';
SELECT problems(arbiter_report('2086-01-01', '2086-01-03', '{room}'));
SELECT words(arbiter_report('2086-01-01', '2086-01-03', '{room}'));
SET timezone TO 'UTC';
-- nor does it depend on how the session writes
SET datestyle TO 'German';
SET intervalstyle TO 'iso_8601';
SET lc_numeric TO 'C';
SET search_path TO pg_catalog;
SELECT md5(public.arbiter_report('2086-01-01 00:00+00', '2086-01-03 00:00+00', '{room}')) = :'page';
RESET search_path;
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';

-- setup and cleanup
SELECT arbiter_create_resource('bay', setup_time => '2 hours', cleanup_time => '1 hour') > 0;
SELECT arbiter_set_capacity('bay', '2086-01-01', '2086-01-04', 1);
SELECT arbiter_reserve('bay', '2086-01-01 12:00', '2086-01-01 18:00', 1, 'ada') > 0;
SELECT problems(arbiter_report('2086-01-01', '2086-01-03', '{bay}'));
SELECT words(arbiter_report('2086-01-01', '2086-01-03', '{bay}'));
SELECT m[1] FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03', '{bay}'), '<rect class="(?:buffer|bar)"[^>]*>', 'g') m;

-- the instant of the report, where it is in the range
SELECT count(*) FROM regexp_matches(arbiter_report(now() - interval '1 day', now() + interval '1 day', '{bay}'), '>now<', 'g');
SELECT count(*) FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03', '{bay}'), '>now<', 'g');

-- Strings of users stay text, wherever they come from.
SELECT arbiter_html(E'<a href="x">&amp;\'</a>\x01\x08\x0b\x1f\x7f\t\n]]>'), arbiter_html(NULL), arbiter_html(''),
	arbiter_html(U&'\00e9\4e2d\+01f600') = U&'\00e9\4e2d\+01f600';
SELECT length(arbiter_html(repeat('x', 200))), length(arbiter_html(repeat('x', 201))), right(arbiter_html(repeat('&', 1000)), 13);
SELECT arbiter_html_number(0), arbiter_html_number(1234567.96), arbiter_html_number(-1000), arbiter_html_number(0.04),
	arbiter_html_number(9223372036854775807::numeric * 1000000000);
SELECT arbiter_html_time('2086-01-01 12:34'), arbiter_html_time('2086-01-01 12:34:56.7'), arbiter_html_time('infinity'), arbiter_html_time('-infinity');
CREATE TEMPORARY TABLE hostile (n serial, content text);
INSERT INTO hostile (content) VALUES ('<script>alert(1)</script>'), ('"><img src=x onerror=alert(1)>'), (''' onload=''alert(1)'),
	('</title></svg></style></table>'), ('&amp; & &#60; &bogus;'), (E'\x01 \x1b[31m \x7f \r\n\t'), (']]> <!-- --> <?x?>'),
	('url(http://example.invalid/x)'), (U&'\202E reversed'), (repeat('long', 1000));
SELECT count(arbiter_create_resource(content, unit => content)) FROM hostile;
SELECT count(arbiter_set_capacity(content, '2086-01-01', '2086-02-01', 3)::text) FROM hostile;
SELECT count(arbiter_reserve(r.content, '2086-01-01', '2086-01-02', 1, u.content)) FROM hostile r JOIN hostile u ON (r.n + u.n) % 5 = 0;
SELECT count(*) FROM hostile CROSS JOIN LATERAL arbiter_try_reserve(content, '2086-01-01', '2086-01-02', 4, content) WHERE NOT granted;
SELECT problems(arbiter_report('2086-01-01', '2086-01-03'));
SELECT string_agg(DISTINCT m[1], ' ') FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03'), '<([a-z0-9]+)', 'g') m;
SELECT string_agg(DISTINCT m[1], ' ') FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03'), ' ([a-zA-Z][a-zA-Z0-9-]*)="', 'g') m;
SELECT DISTINCT m[1] FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03'), '<h3>(.*?)</h3>', 'g') m WHERE m[1] !~ 'long|reversed' ORDER BY 1;
SELECT bool_and(length(l) < 25000) FROM regexp_split_to_table(arbiter_report('2086-01-01', '2086-01-03'), '\n') l;

-- What is drawn and listed is bounded, and says so.
SELECT line FROM regexp_split_to_table(words(arbiter_report('2086-01-01', '2086-01-03', max_resources => 2)), '\n') line WHERE line ~ 'are shown';
SELECT DISTINCT m[1] FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03', max_resources => 2), '<h3>(.*?)</h3>', 'g') m ORDER BY 1;
SELECT line FROM regexp_split_to_table(words(arbiter_report('2086-01-01', '2086-01-03', '{room,bay,bay}', max_rows => 2)), '\n') line
WHERE line ~ 'are shown|largest|latest|first';
SELECT count(*) FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-03', '{room,bay}', max_rows => 2), '<tr>', 'g');
SELECT problems(arbiter_report('2086-01-01', '2086-01-03', '{room,bay}', 0, 0)), problems(arbiter_report('2086-01-01', '2086-01-03', '{room,bay}', 1, 0)),
	problems(arbiter_report('2086-01-01', '2086-01-03', '{}'));
SELECT arbiter_create_resource('busy') > 0;
SELECT arbiter_set_capacity('busy', '2086-01-01', '2087-01-01', 1000);
INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
SELECT arbiter_resource_id('busy'), tstzrange(t, t + interval '3 hours'), 1 + extract(hour FROM t), 'user ' || extract(day FROM t)
FROM generate_series(timestamptz '2086-01-01', '2086-12-31', '1 hour') t;
SELECT length(page) < 100000, (SELECT count(*) FROM regexp_matches(page, '<rect class="(bar|sliver)"', 'g')),
	(SELECT max(length(path)) < 10000 FROM curves(page, 1)), substring(words(page), '[^\n]*are shown[^\n]*')
FROM arbiter_report('2086-01-01', '2087-01-01', '{busy}', max_rows => 10) page;
SELECT count(*) FROM regexp_matches(arbiter_report('2086-01-01', '2086-01-08', '{busy}', NULL, NULL), '<rect class="(bar|sliver)"', 'g');
-- any range: steps of the curves, marks of the axis
SELECT l.length, arbiter_report_grain(s.start, s.finish) AS grain,
	(SELECT string_agg(t.place || ' ' || t.label, ', ' ORDER BY t.place) FROM arbiter_report_ticks(s.start, s.finish) t) AS ticks
FROM unnest(ARRAY['1 microsecond', '1 second', '7 minutes', '1 hour', '6 hours', '1 day', '2 days', '7 days', '31 days', '90 days', '365 days',
	'3 years', '30 years', '300 years', '3000 years', '200000 years']::interval[]) l (length)
CROSS JOIN LATERAL (SELECT timestamptz '2030-01-01 10:30', timestamptz '2030-01-01 10:30' + l.length) s (start, finish);
SELECT problems(arbiter_report('1000-01-01', '99999-01-01', '{busy,room}'));
SELECT problems(arbiter_report('2086-01-01', '2086-01-01 00:00:00.000001', '{busy,room}'));
-- over a change of the clock
SET timezone TO 'Europe/Berlin';
SELECT place, label FROM arbiter_report_ticks('2086-03-30', '2086-04-01');
SELECT problems(arbiter_report('2086-03-30', '2086-04-01', '{busy}'));
SET timezone TO 'UTC';

-- refused
SELECT outcome($$ SELECT arbiter_report(NULL, '2086-01-03') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-01', NULL) $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-03', '2086-01-03') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-03', '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_report('-infinity', '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-03', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-01', '2086-01-03', '{room,nope}') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-01', '2086-01-03', '{room,NULL}') $$);
SELECT outcome($$ SELECT arbiter_report('2086-01-01', '2086-01-03', max_rows => -1) $$);

-- Who may not look, may not; who may, may in a read-only transaction too.
CREATE ROLE regress_arbiter_reporter;
SET ROLE regress_arbiter_reporter;
SELECT outcome($$ SELECT arbiter_report('2086-01-01', '2086-01-03') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION arbiter_report, arbiter_report_chart, arbiter_report_gantt, arbiter_report_grain, arbiter_report_oversold,
	arbiter_report_refusals, arbiter_report_style, arbiter_report_ticks, arbiter_report_users, arbiter_html, arbiter_html_number, arbiter_html_time,
	arbiter_calendar, arbiter_calendar_all, arbiter_timeline, arbiter_cost(integer, tstzrange, bigint), arbiter_version TO regress_arbiter_reporter;
SET ROLE regress_arbiter_reporter;
SELECT outcome($$ SELECT arbiter_report('2086-01-01', '2086-01-03') $$);
RESET ROLE;
GRANT SELECT ON arbiter_resource, arbiter_reservation, arbiter_denial TO regress_arbiter_reporter;
SELECT md5(arbiter_report('2086-01-01', '2086-01-03')) AS page \gset
SET ROLE regress_arbiter_reporter;
BEGIN READ ONLY;
SELECT md5(arbiter_report('2086-01-01', '2086-01-03')) = :'page';
COMMIT;
RESET ROLE;

SELECT * FROM arbiter_check();
DROP OWNED BY regress_arbiter_reporter;
DROP ROLE regress_arbiter_reporter;
\c :home
DROP DATABASE regression_arbiter_report;
