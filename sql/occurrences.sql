-- arbiter_occurrences: when a rule recurs, in the time that clocks show.
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
SET intervalstyle TO 'postgres';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- in a zone's own time, with its offset
CREATE FUNCTION seen(rule text, first_start text, tz text DEFAULT 'Europe/London',
	window_end timestamptz DEFAULT '2032-01-01', window_start timestamptz DEFAULT '-infinity') RETURNS SETOF text
LANGUAGE sql AS $$
	SELECT o.occurrence || ' ' || to_char(o.start_time AT TIME ZONE tz, 'Dy YYYY-MM-DD HH24:MI:SS.FF6') || ' = ' || o.start_time
	FROM arbiter_occurrences(rule, first_start::timestamp AT TIME ZONE tz, tz, window_start, window_end) o
	ORDER BY o.occurrence
$$;

-- nine stays nine, both ways, in zones of either hemisphere and of half an hour
SELECT seen('FREQ=WEEKLY;BYDAY=TU;COUNT=3', '2030-03-26 09:00');
SELECT seen('FREQ=WEEKLY;BYDAY=TU;COUNT=3', '2030-10-22 09:00');
SELECT seen('FREQ=WEEKLY;COUNT=2', '2030-03-08 09:00', 'America/New_York');
SELECT seen('FREQ=WEEKLY;COUNT=2', '2030-04-03 09:00', 'Australia/Sydney');
SELECT seen('FREQ=WEEKLY;COUNT=2', '2030-04-03 09:00', 'Australia/Lord_Howe');
SELECT seen('FREQ=WEEKLY;COUNT=2', '2030-04-03 09:00', 'Asia/Kolkata');
SELECT seen('FREQ=WEEKLY;COUNT=2', '2030-03-26 09:00', '+02');
-- a time that does not exist is later by the change; one that there is twice is the second
SELECT seen('FREQ=DAILY;COUNT=3', '2030-03-30 01:30');
SELECT seen('FREQ=DAILY;COUNT=3', '2030-10-26 01:30');
SELECT '2030-03-31 01:30'::timestamp AT TIME ZONE 'Europe/London', '2030-10-27 01:30'::timestamp AT TIME ZONE 'Europe/London';
-- what is the same instant is one occurrence
SELECT seen('FREQ=HOURLY;COUNT=5', '2030-03-31 00:00');
SELECT seen('FREQ=HOURLY;COUNT=4', '2030-10-27 00:00');
SELECT seen('*/30 * * * *', '2030-03-31 00:00', window_end => '2030-03-31 02:00');
SELECT seen('*/30 * * * *', '2030-10-27 00:00', window_end => '2030-10-27 02:30');
-- a day that a zone left out
SELECT seen('FREQ=DAILY;COUNT=3', '2011-12-29 12:00', 'Pacific/Apia');

-- forms of a rule
SELECT seen('RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2', '2030-01-01 09:00');
SELECT seen('freq=monthly;byday=2mo;count=2;', '2030-01-01 09:00');
SELECT seen(E'RRULE:FREQ=WEEKLY;BYDAY=MO\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=\r\n 1\r\n', '2030-01-01 09:00', window_end => '2030-02-02');
SELECT seen(E'  FREQ=DAILY;BYHOUR=17,9,9;BYMINUTE=30 \n\n', '2030-01-01 10:00:12.345678', window_end => '2030-01-03');
SELECT seen('FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR;COUNT=3', '2030-01-01 09:00');
SELECT seen('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3', '2030-01-01 09:00');
SELECT seen('FREQ=YEARLY;BYWEEKNO=20;COUNT=2', '2030-01-01 09:00');
SELECT seen('FREQ=YEARLY;BYYEARDAY=-1,100;COUNT=3', '2030-01-01 09:00', window_end => '2040-01-01');
SELECT seen('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=3', '2030-01-01 09:00');
SELECT seen('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=3', '2030-01-01 09:00');
SELECT seen('FREQ=MINUTELY;INTERVAL=90;COUNT=3', '2030-01-01 09:00');
SELECT seen('FREQ=SECONDLY;COUNT=2', '2030-01-01 09:00');
-- a month without a 31st, a year without a 29th of February
SELECT seen('FREQ=MONTHLY;COUNT=3', '2030-01-31 09:00');
SELECT seen('FREQ=YEARLY;COUNT=2', '2028-02-29 09:00', window_end => '2050-01-01');

-- the first ones, of a rule for less than a day that lists some
SELECT seen('FREQ=HOURLY;BYHOUR=9;COUNT=2', '2030-01-01 00:00', 'UTC');
SELECT seen('FREQ=HOURLY;BYHOUR=9,17;COUNT=2', '2030-01-01 08:00', 'UTC');
SELECT seen('FREQ=SECONDLY;BYSECOND=30;COUNT=2', '2030-01-01 09:10', 'UTC');
SELECT seen('FREQ=MINUTELY;BYMINUTE=56;COUNT=2', '2030-01-01 09:30', 'UTC');
SELECT seen('FREQ=HOURLY;BYMINUTE=20,40;COUNT=3', '2030-01-01 09:30:15', 'UTC');
SELECT min(start_time), max(start_time), count(*) FROM arbiter_occurrences('FREQ=MINUTELY;BYHOUR=10;COUNT=100', '2030-01-01 09:30', 'UTC', '-infinity', 'infinity');
SELECT seen('FREQ=HOURLY;INTERVAL=5;BYDAY=TH;BYMONTHDAY=-29;COUNT=3', '2030-01-01 00:00', 'UTC');
SELECT seen('FREQ=DAILY;BYMONTHDAY=-1,1;BYHOUR=9;COUNT=3', '2030-01-31 10:00', 'UTC');
SELECT seen('FREQ=HOURLY;INTERVAL=23;BYYEARDAY=-365,2,366;COUNT=5', '2031-01-01 00:00', 'UTC', window_end => 'infinity');
-- weeks of more than one, wherever they begin
SELECT seen('FREQ=WEEKLY;INTERVAL=3;BYDAY=FR,TH;WKST=SA;COUNT=4', '2031-08-22 23:00', 'UTC');
SELECT d::date, string_agg(to_char(o.start_time, 'MM-DD'), ' ' ORDER BY o.occurrence) FROM generate_series(timestamptz '2029-12-31', '2030-01-06', '1 day') d
CROSS JOIN LATERAL arbiter_occurrences('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;COUNT=4', d, 'UTC', '-infinity', 'infinity') o GROUP BY d ORDER BY d;
SELECT seen('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYHOUR=8,20;BYMONTH=1,3;COUNT=5', '2030-01-02 12:00', 'UTC');
-- weekdays numbered in the year, on some days of the month
SELECT seen('FREQ=YEARLY;BYMONTHDAY=1;BYDAY=1MO', '2029-01-01 09:00', 'UTC', window_end => '2036-01-01');
SELECT seen('FREQ=YEARLY;BYMONTHDAY=17,-26,12;BYDAY=-20WE', '2029-01-01 09:00', 'UTC', window_end => '2050-01-01');
SELECT seen('FREQ=YEARLY;BYMONTH=1,6;BYMONTHDAY=1,2,3;BYDAY=1MO;COUNT=3', '2029-01-01 09:00', 'UTC', window_end => '2050-01-01');
-- positions among days that are listed twice, or that a month does not have, and among times of a day
SELECT seen('FREQ=MONTHLY;BYMONTHDAY=29,-1,-10,31;BYSETPOS=-1,2;COUNT=5', '2031-01-31 09:00', 'UTC');
SELECT seen('FREQ=YEARLY;BYMONTHDAY=2,-5,-12,20,14;BYSETPOS=-3,-2;COUNT=4', '2028-12-15 09:00', 'UTC', window_end => 'infinity');
SELECT seen('FREQ=MONTHLY;BYDAY=MO;BYHOUR=9,17;BYSETPOS=2,-1;COUNT=4', '2030-01-07 10:00', 'UTC');
SELECT seen('FREQ=YEARLY;BYMONTH=4,9;BYSETPOS=-1;COUNT=2', '2030-09-30 10:00', 'UTC');
SELECT seen('FREQ=YEARLY;BYMONTHDAY=1,2,3;BYDAY=1MO,10TU,6MO;BYSETPOS=-1;COUNT=3', '2029-01-01 10:00', 'UTC', window_end => 'infinity');
-- the last of a month is not what is last before the end
SELECT seen('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', '2030-01-01 09:00', 'UTC', window_end => '2030-03-15');
SELECT seen('FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1', '2030-01-01 09:00', 'UTC', window_end => '2031-06-01');
-- the first start itself, where its time comes twice
SELECT start_time FROM arbiter_occurrences('FREQ=DAILY;COUNT=2', '2030-10-27 00:30+00', 'Europe/London', '-infinity', 'infinity');
SELECT start_time FROM arbiter_occurrences('FREQ=MINUTELY', '2030-10-27 00:59+00', 'Europe/London', '-infinity', '2030-10-27 01:01+00');
SELECT start_time FROM arbiter_occurrences('FREQ=DAILY;UNTIL=20301027T003000Z', '2030-10-27 00:30+00', 'Europe/London', '-infinity', 'infinity');

-- the end: of a day, local, or in UTC
SELECT seen('FREQ=DAILY;UNTIL=20300331', '2030-03-30 23:30');
SELECT seen('FREQ=DAILY;UNTIL=20300331T093000', '2030-03-30 09:30');
SELECT seen('FREQ=DAILY;UNTIL=20300331T083000Z', '2030-03-30 09:30');
SELECT seen('FREQ=DAILY;UNTIL=20300331T082959Z', '2030-03-30 09:30');
SELECT seen('FREQ=HOURLY;UNTIL=20301027T003000Z', '2030-10-27 00:30');
SELECT seen('FREQ=DAILY;UNTIL=20290101', '2030-01-01 09:00');

-- EXDATE and RDATE: local, in a zone, in UTC, whole days
SELECT seen(E'FREQ=WEEKLY;COUNT=5\nEXDATE:20300402T090000', '2030-03-19 09:00');
SELECT seen(E'FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20300402T100000,20300326T100000', '2030-03-19 09:00');
SELECT seen(E'FREQ=WEEKLY;COUNT=5\nEXDATE:20300402T080000Z,20300326T080000Z', '2030-03-19 09:00');
SELECT seen(E'FREQ=WEEKLY;COUNT=5\nEXDATE;VALUE=DATE:20300402', '2030-03-19 09:00');
SELECT seen(E'FREQ=WEEKLY;COUNT=2\nRDATE:20300320T120000,20300319T090000\nRDATE;TZID=/America/New_York:20300321T090000', '2030-03-19 09:00');
SELECT seen(E'FREQ=WEEKLY;COUNT=1\nRDATE;VALUE=DATE:20300403\nRDATE;VALUE=DATE-TIME:20300404T090000Z', '2030-03-19 09:00');
SELECT seen(E'RDATE:20300320T120000,20300318T120000,20400101T000000', '2030-03-19 09:00');
SELECT seen(E'FREQ=DAILY;COUNT=1\nEXDATE:20300319T090000', '2030-03-19 09:00');

-- cron
SELECT seen('30 9 * * MON-FRI', '2030-03-29 10:00:30.5', window_end => '2030-04-03');
SELECT seen('*/20 9 1 jan,JUL *', '2030-01-01 00:00', window_end => '2030-12-01');
SELECT seen('0 0 13 * FRI', '2030-09-01 00:00', window_end => '2030-10-01');
SELECT seen('0 0 */5 * fri', '2030-09-01 00:00', window_end => '2030-12-31');
SELECT seen('0 12 * * 0,7', '2030-09-01 00:00', window_end => '2030-09-16');
SELECT seen('5/25 22-23 31 12 *', '2030-09-01 00:00', window_end => '2031-09-16');
SELECT c, string_agg(to_char(start_time, 'Dy'), ' ' ORDER BY occurrence) FROM unnest(ARRAY['0 12 * * FRI-SUN', '0 12 * * MON-SUN', '0 12 * * 5-0', '0 12 * * SUN-SUN', '0 12 * * SUN-TUE']) c
CROSS JOIN LATERAL arbiter_occurrences(c, '2030-09-02', 'UTC', '-infinity', '2030-09-09') GROUP BY c ORDER BY c;
SELECT count(*) FROM arbiter_occurrences('* * * * *', '2030-01-01', 'UTC', '-infinity', '2030-01-08');

-- the window, and how occurrences are counted
SELECT seen('FREQ=WEEKLY;BYDAY=TU', '2030-01-01 09:00', window_start => '2030-01-15 09:00', window_end => '2030-01-29 09:00');
SELECT seen('FREQ=WEEKLY;BYDAY=TU;COUNT=3', '2030-01-01 09:00', window_start => '2030-01-15 09:00', window_end => 'infinity');
SELECT count(*) FROM arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'UTC', '2000-01-01', '2030-01-01');
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'UTC', '-infinity', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'UTC', '2031-01-01', '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences(NULL, '2030-01-01', 'UTC', '2031-01-01', '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', NULL, 'UTC', '2031-01-01', '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', NULL, '2031-01-01', '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'UTC', NULL, '2030-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'UTC', '2031-01-01', NULL) $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', 'infinity', 'UTC', '2031-01-01', '2032-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '1500-01-01', 'UTC', '2030-01-01', '2031-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '3000-01-01', 'UTC', '2030-01-01', '3031-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=WEEKLY', '2030-01-01', 'Europe/Nowhere', '2030-01-01', '2031-01-01') $$);
SELECT count(*), max(start_time) FROM arbiter_occurrences('FREQ=YEARLY', '2030-01-01', 'UTC', '-infinity', '9999-01-01');

-- rules that never match end soon; what is too much is refused
SET statement_timeout TO '30s';
SELECT count(*) FROM unnest(ARRAY['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30',
	'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=HOURLY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31', '0 0 30 2 *',
	'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30', 'FREQ=YEARLY;BYWEEKNO=40;BYMONTH=2;BYDAY=MO',
	'FREQ=DAILY;BYMONTH=2;BYDAY=MO;BYMONTHDAY=29;UNTIL=20310101']) r
CROSS JOIN LATERAL arbiter_occurrences(r, '2030-01-01', 'UTC', '-infinity', '2500-01-01');
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=SECONDLY', '2030-01-01', 'UTC', '-infinity', '2031-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=SECONDLY;BYMONTH=3;COUNT=1', '2030-01-01', 'UTC', '-infinity', '2031-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('* * * * *', '2030-01-01', 'UTC', '-infinity', '2031-01-01') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=SECONDLY;COUNT=2147483647', '2030-01-01', 'UTC', '-infinity', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=DAILY;BYDAY=' || repeat('MO,', 30000) || 'MO', '2030-01-01', 'UTC', '-infinity', '2031-01-01') $$);
SELECT count(*), max(start_time) FROM arbiter_occurrences('FREQ=SECONDLY', '2030-01-01', 'UTC', '-infinity', '2030-01-02');
-- where COUNT ends it, what is looked at until then
SELECT rule, count(*), max(start_time) FROM unnest(ARRAY['FREQ=DAILY;BYHOUR=9,14;COUNT=4', 'FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,14;COUNT=4', 'FREQ=HOURLY;BYHOUR=9;COUNT=2',
	'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=9,14;COUNT=4', 'FREQ=MINUTELY;COUNT=5000']) rule
CROSS JOIN LATERAL arbiter_occurrences(rule, '2030-01-01', 'UTC', '-infinity', 'infinity') GROUP BY rule ORDER BY rule;
-- all rules of a text together
SELECT count(*) FROM arbiter_occurrences(repeat(E'FREQ=MINUTELY;COUNT=1000\n', 200), '2030-01-01', 'UTC', '-infinity', 'infinity');
SELECT count(*) FROM arbiter_occurrences(repeat(E'FREQ=YEARLY;COUNT=100\nFREQ=MONTHLY;BYMONTHDAY=-1;COUNT=100\n', 200), '2030-01-01', 'UTC', '-infinity', 'infinity');
SELECT outcome($$ SELECT arbiter_occurrences(repeat(E'FREQ=MINUTELY;COUNT=100000\n', 200), '2030-01-01', 'UTC', '-infinity', 'infinity') $$);
SELECT outcome($$ SELECT arbiter_occurrences(repeat(E'FREQ=MINUTELY\n', 200), '2030-01-01', 'UTC', '-infinity', '2030-03-01') $$);
-- an interrupt gives everything back
SET statement_timeout TO '100ms';
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=MINUTELY', '2030-01-01', 'UTC', '-infinity', '2030-06-01') $$);
RESET statement_timeout;

-- bad rules: the part that is wrong
CREATE FUNCTION wrong(rules text[]) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT o FROM unnest(rules) WITH ORDINALITY r (rule, n)
	CROSS JOIN LATERAL (SELECT E'\n' || coalesce(rule, '')
		UNION ALL SELECT outcome(format('SELECT arbiter_occurrences(%L, %L, %L, %L, %L)', rule, '2030-01-01', 'UTC', '2030-01-01', '2031-01-01'))) o (o)
$$;
SELECT wrong(ARRAY['', '   ', E'\n', 'nonsense', 'every tuesday at 9', 'FREQ=', 'FREQ=FORTNIGHTLY', 'BYDAY=MO', 'FREQ', 'FREQ=DAILY;BYDAY',
	'FREQ=DAILY;=MO', 'FREQ=DAILY;;BYDAY=MO', 'FREQ=DAILY;FREQ=DAILY', 'FREQ=DAILY;BYFOO=1', 'FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;INTERVAL=-1',
	'FREQ=DAILY;INTERVAL=99999', 'FREQ=DAILY;INTERVAL=1.5', 'FREQ=DAILY;COUNT=0', 'FREQ=DAILY;COUNT=99999999999999999999',
	'FREQ=DAILY;COUNT=3;UNTIL=20300101', 'FREQ=DAILY;UNTIL=tomorrow', 'FREQ=DAILY;UNTIL=20300230', 'FREQ=DAILY;UNTIL=20301301T000000',
	'FREQ=DAILY;UNTIL=20300101T240000', 'FREQ=DAILY;UNTIL=20300101T000000+01', 'FREQ=DAILY;WKST=XX']);
SELECT wrong(ARRAY['FREQ=WEEKLY;BYDAY=', 'FREQ=WEEKLY;BYDAY=MON', 'FREQ=WEEKLY;BYDAY=MO,,TU', 'FREQ=WEEKLY;BYDAY=2MO', 'FREQ=MONTHLY;BYDAY=0MO',
	'FREQ=MONTHLY;BYDAY=6MO', 'FREQ=YEARLY;BYDAY=54MO', 'FREQ=YEARLY;BYDAY=1.MO', 'FREQ=DAILY;BYSECOND=60', 'FREQ=DAILY;BYMINUTE=-1', 'FREQ=DAILY;BYHOUR=24',
	'FREQ=DAILY;BYHOUR= 9', 'FREQ=DAILY;BYHOUR=9x', 'FREQ=MONTHLY;BYMONTHDAY=0', 'FREQ=MONTHLY;BYMONTHDAY=32', 'FREQ=MONTHLY;BYMONTHDAY=-32',
	'FREQ=YEARLY;BYYEARDAY=367', 'FREQ=YEARLY;BYWEEKNO=54', 'FREQ=YEARLY;BYMONTH=13', 'FREQ=YEARLY;BYMONTH=5L', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0',
	'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6', 'FREQ=MONTHLY;BYSETPOS=1', 'FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=2', 'FREQ=MONTHLY;BYWEEKNO=5', 'FREQ=WEEKLY;BYMONTHDAY=1',
	'FREQ=DAILY;BYYEARDAY=1',
	(SELECT 'FREQ=MONTHLY;BYMONTHDAY=' || string_agg(d::text, ',') FROM generate_series(-31, 31) d WHERE d <> 0)]);
-- what is right, but not what the library can do
SELECT wrong(ARRAY['FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1', 'FREQ=DAILY;BYHOUR=9,14;BYSETPOS=1',
	'FREQ=HOURLY;INTERVAL=5;BYHOUR=9,14', 'FREQ=YEARLY;BYYEARDAY=1;BYMONTH=1', 'FREQ=YEARLY;BYWEEKNO=5;BYMONTHDAY=1', 'FREQ=YEARLY;BYWEEKNO=-53',
	'FREQ=YEARLY;BYWEEKNO=53', 'FREQ=DAILY;RSCALE=HEBREW', 'FREQ=DAILY;SKIP=OMIT']);
SELECT wrong(ARRAY['RRULE;X=1:FREQ=DAILY', 'EXRULE:FREQ=DAILY', E'DTSTART:20300101T090000\nFREQ=DAILY', E'FREQ=DAILY\nEXDATE:', E'FREQ=DAILY\nEXDATE:20300101T090000,',
	E'FREQ=DAILY\nEXDATE;TZID=Europe/Nowhere:20300101T090000', E'FREQ=DAILY\nRDATE;VALUE=PERIOD:20300101T090000/PT1H', E'FREQ=DAILY\nRDATE:2030-01-01',
	'EXDATE:20300101T090000']);
SELECT wrong(ARRAY['* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 13 *', '* * * FOO *', '* * * * 8', '* * * * MONDAY',
	'5-1 * * * *', '*/0 * * * *', '*/x * * * *', '1,,2 * * * *', '1- * * * *', '** * * * *', '* * L * *', '* * * * FRI#2', '-1 * * * *', '99999999999 * * * *', '@daily']);

-- at random, against models; as many occurrences as are compared
CREATE FUNCTION compared(rule text, first timestamp, zone text, until timestamptz, model timestamptz[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	answer timestamptz[] := ARRAY(
		SELECT start_time FROM arbiter_occurrences(rule, first AT TIME ZONE zone, zone, '-infinity', until)
		ORDER BY occurrence);
BEGIN
	IF answer IS DISTINCT FROM coalesce(model, '{}') THEN
		RAISE EXCEPTION '% from % in %: model %, answer %', rule, first, zone, model[1:20], answer[1:20];
	END IF;
	RETURN cardinality(answer);
END $$;

-- days that the model filters one by one
SELECT setseed(0.5);
DO $$
DECLARE
	zones text[] := ARRAY['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo'];
	names text[] := ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
	zone text;
	freq text;
	step integer;
	months integer[];
	monthdays integer[];
	days integer[];
	hours integer[];
	positions integer[];
	week integer;
	number integer;
	rule text;
	first timestamp;
	expected timestamptz[];
	total integer := 0;
BEGIN
	FOR round IN 1 .. 400 LOOP
		zone := zones[1 + floor(random() * 5)];
		freq := (ARRAY['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'])[1 + floor(random() * 4)];
		step := CASE WHEN random() < 0.5 THEN 1 ELSE 1 + floor(random() * 4) END;
		first := timestamp '2029-01-01' + floor(random() * 1000) * interval '1 day' + floor(random() * 96) * interval '15 minutes';
		SELECT array_agg(DISTINCT m) INTO months FROM (SELECT 1 + floor(random() * 12)::integer AS m FROM generate_series(1, 4)) t WHERE random() < 2;
		IF random() < 0.6 THEN months := NULL; END IF;
		SELECT array_agg(DISTINCT m) INTO monthdays FROM (SELECT 1 + floor(random() * 31)::integer AS m FROM generate_series(1, 5)) t;
		IF freq IN ('MONTHLY', 'YEARLY') AND random() < 0.5 THEN monthdays := monthdays || ARRAY[-1, -3]; END IF;
		IF freq = 'WEEKLY' OR random() < 0.5 THEN monthdays := NULL; END IF;
		SELECT array_agg(DISTINCT d) INTO days FROM (SELECT 1 + floor(random() * 7)::integer AS d FROM generate_series(1, 3)) t;
		IF random() < 0.4 THEN days := NULL; END IF;
		SELECT array_agg(DISTINCT h) INTO hours FROM (SELECT floor(random() * 24)::integer AS h FROM generate_series(1, 3)) t;
		IF random() < 0.6 THEN hours := NULL; END IF;
		positions := NULL;
		IF freq = 'MONTHLY' AND days IS NOT NULL AND monthdays IS NULL AND hours IS NULL AND random() < 0.7 THEN
			positions := ARRAY[-1, 2];
		END IF;
		week := 1 + floor(random() * 7);
		number := CASE WHEN random() < 0.5 THEN 1 + floor(random() * 30) END;
		rule := 'FREQ=' || freq || ';INTERVAL=' || step
			|| coalesce(';BYMONTH=' || array_to_string(months, ','), '')
			|| coalesce(';BYMONTHDAY=' || array_to_string(monthdays, ','), '')
			|| coalesce(';BYDAY=' || (SELECT string_agg(names[d], ',') FROM unnest(days) d), '')
			|| coalesce(';BYHOUR=' || array_to_string(hours, ','), '')
			|| coalesce(';BYSETPOS=' || array_to_string(positions, ','), '')
			|| ';WKST=' || names[week] || coalesce(';COUNT=' || number, '');
		WITH day AS (
			SELECT d, extract(year FROM d)::integer AS y, extract(month FROM d)::integer AS m,
				extract(day FROM d)::integer AS md, extract(isodow FROM d)::integer AS wd,
				extract(day FROM date_trunc('month', d) + interval '1 month - 1 day')::integer AS length
			FROM generate_series(date_trunc('month', first), timestamp '2034-12-31', interval '1 day') d
		), chosen AS (
			SELECT d, y, m FROM day
			WHERE CASE freq
					WHEN 'DAILY' THEN d >= date_trunc('day', first) AND (d::date - first::date) % step = 0
					WHEN 'WEEKLY' THEN ((date_trunc('week', d - (week - 1) * interval '1 day')::date - date_trunc('week', first - (week - 1) * interval '1 day')::date) / 7) % step = 0
					WHEN 'MONTHLY' THEN ((y - extract(year FROM first)::integer) * 12 + m - extract(month FROM first)::integer) % step = 0
					ELSE (y - extract(year FROM first)::integer) % step = 0 END
				AND (months IS NULL OR m = ANY (months))
				AND (monthdays IS NULL OR md = ANY (monthdays) OR md - length - 1 = ANY (monthdays))
				AND (days IS NULL OR wd = ANY (days))
				-- what the first start stands for
				AND (freq <> 'WEEKLY' OR days IS NOT NULL OR wd = extract(isodow FROM first))
				AND (freq NOT IN ('MONTHLY', 'YEARLY') OR days IS NOT NULL OR monthdays IS NOT NULL OR md = extract(day FROM first))
				AND (freq <> 'YEARLY' OR days IS NOT NULL OR monthdays IS NOT NULL OR months IS NOT NULL OR m = extract(month FROM first))
		), placed AS (
			SELECT d, row_number() OVER (PARTITION BY y, m ORDER BY d) AS forward,
				- row_number() OVER (PARTITION BY y, m ORDER BY d DESC) AS backward
			FROM chosen
		), timed AS (
			SELECT t FROM placed
			CROSS JOIN LATERAL unnest(coalesce(hours, ARRAY[extract(hour FROM first)::integer])) h (hour)
			CROSS JOIN LATERAL (SELECT d + h.hour * interval '1 hour' + extract(minute FROM first) * interval '1 minute') x (t)
			WHERE (positions IS NULL OR forward = ANY (positions) OR backward = ANY (positions))
				AND t >= first
			ORDER BY t LIMIT number
		)
		SELECT array_agg(DISTINCT t AT TIME ZONE zone ORDER BY t AT TIME ZONE zone) FROM timed
		WHERE t AT TIME ZONE zone < '2034-12-31'
		INTO expected;
		total := total + compared(rule, first, zone, '2034-12-31', expected);
	END LOOP;
	IF total < 5000 THEN
		RAISE EXCEPTION 'not much of a test: %', total;
	END IF;
END $$;

-- every minute
DO $$
DECLARE
	freq text;
	months integer[];
	monthdays integer[];
	days integer[];
	hours integer[];
	minutes integer[];
	number integer;
	rule text;
	first timestamp;
	expected timestamptz[];
	total integer := 0;
BEGIN
	FOR round IN 1 .. 60 LOOP
		freq := (ARRAY['MINUTELY', 'HOURLY', 'DAILY'])[1 + floor(random() * 3)];
		first := timestamp '2030-01-28' + floor(random() * 3000) * interval '1 minute';
		SELECT array_agg(DISTINCT 1 + floor(random() * 2)::integer) INTO months FROM generate_series(1, 3);
		SELECT array_agg(DISTINCT CASE WHEN random() < 0.5 THEN -1 ELSE 1 END * (1 + floor(random() * 31)::integer)) INTO monthdays FROM generate_series(1, 12);
		SELECT array_agg(DISTINCT 1 + floor(random() * 7)::integer) INTO days FROM generate_series(1, 5);
		SELECT array_agg(DISTINCT floor(random() * 24)::integer) INTO hours FROM generate_series(1, 5);
		SELECT array_agg(DISTINCT floor(random() * 60)::integer) INTO minutes FROM generate_series(1, 5);
		IF random() < 0.7 THEN months := NULL; END IF;
		IF random() < 0.7 THEN monthdays := NULL; END IF;
		IF random() < 0.7 THEN days := NULL; END IF;
		IF random() < 0.4 THEN hours := NULL; END IF;
		IF random() < 0.4 THEN minutes := NULL; END IF;
		number := CASE WHEN random() < 0.5 THEN 1 + floor(random() * 500) END;
		rule := 'FREQ=' || freq
			|| coalesce(';BYMONTH=' || array_to_string(months, ','), '')
			|| coalesce(';BYMONTHDAY=' || array_to_string(monthdays, ','), '')
			|| coalesce(';BYDAY=' || (SELECT string_agg((ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'])[d], ',') FROM unnest(days) d), '')
			|| coalesce(';BYHOUR=' || array_to_string(hours, ','), '')
			|| coalesce(';BYMINUTE=' || array_to_string(minutes, ','), '')
			|| coalesce(';COUNT=' || number, '');
		SELECT array_agg(t AT TIME ZONE 'UTC' ORDER BY t) INTO expected FROM (
			SELECT t FROM generate_series(first, timestamp '2030-02-10', interval '1 minute') t
			WHERE (months IS NULL OR extract(month FROM t) = ANY (months))
				AND (monthdays IS NULL OR extract(day FROM t) = ANY (monthdays)
					OR extract(day FROM t) - extract(day FROM date_trunc('month', t) + interval '1 month - 1 day') - 1 = ANY (monthdays))
				AND (days IS NULL OR extract(isodow FROM t) = ANY (days))
				AND (extract(hour FROM t) = ANY (hours) OR hours IS NULL AND (freq <> 'DAILY' OR extract(hour FROM t) = extract(hour FROM first)))
				AND (extract(minute FROM t) = ANY (minutes) OR minutes IS NULL AND (freq = 'MINUTELY' OR extract(minute FROM t) = extract(minute FROM first)))
			ORDER BY t LIMIT number) chosen;
		total := total + compared(rule, first, 'UTC', '2030-02-10 00:00:30+00', expected);
	END LOOP;
	IF total < 5000 THEN
		RAISE EXCEPTION 'not much of a test: %', total;
	END IF;
END $$;
-- where a window ends changes nothing of what is before, also while clocks change
DO $$
DECLARE
	ends timestamptz;
	total integer := 0;
BEGIN
	FOR ends IN SELECT d + m * interval '10 minutes' FROM unnest(ARRAY['2030-03-30 22:00', '2030-10-26 22:00', '2030-04-06 13:00', '2030-10-05 13:00']::timestamptz[]) d, generate_series(0, 40) m LOOP
		FOR zone IN 0 .. 1 LOOP
			IF (SELECT array_agg(o ORDER BY occurrence) FROM arbiter_occurrences('*/10 * * * *', ends - interval '6 hours', (ARRAY['Europe/London', 'Australia/Lord_Howe'])[zone + 1], '-infinity', ends) o) IS DISTINCT FROM
				(SELECT array_agg(o ORDER BY occurrence) FROM arbiter_occurrences('*/10 * * * *', ends - interval '6 hours', (ARRAY['Europe/London', 'Australia/Lord_Howe'])[zone + 1], '-infinity', ends + interval '2 days') o WHERE start_time < ends) THEN
				RAISE EXCEPTION 'differs at %', ends;
			END IF;
			total := total + 1;
		END LOOP;
	END LOOP;
	IF total <> 328 THEN
		RAISE EXCEPTION 'not much of a test: %', total;
	END IF;
END $$;

-- memory is given back: also by errors
CREATE FUNCTION resident() RETURNS bigint LANGUAGE sql AS $$
	SELECT split_part(pg_read_file('/proc/self/statm'), ' ', 2)::bigint * 4
$$;
DO $$
DECLARE
	before bigint;
BEGIN
	FOR round IN 1 .. 6 LOOP
		FOR i IN 1 .. 500 LOOP
			PERFORM count(*) FROM arbiter_occurrences('FREQ=MONTHLY;BYDAY=MO;COUNT=20', '2030-01-01', 'Europe/London', '-infinity', '2100-01-01');
			BEGIN
				PERFORM count(*) FROM arbiter_occurrences('FREQ=MONTHLY;BYDAY=MX', '2030-01-01', 'Europe/London', '-infinity', '2100-01-01');
			EXCEPTION WHEN invalid_parameter_value THEN
				NULL;
			END;
		END LOOP;
		IF round = 2 THEN before := resident(); END IF;
	END LOOP;
	IF resident() - before > 4096 THEN
		RAISE EXCEPTION 'grew by % kB', resident() - before;
	END IF;
EXCEPTION WHEN undefined_file THEN
	NULL;						-- only Linux tells
END $$;
DROP FUNCTION resident();

-- privileges; parallel workers, read-only transactions and standbys may
CREATE ROLE occurrences_nobody;
SET ROLE occurrences_nobody;
SELECT outcome($$ SELECT arbiter_occurrences('FREQ=DAILY', '2030-01-01', 'UTC', '2030-01-01', '2030-01-03') $$);
RESET ROLE;
DROP ROLE occurrences_nobody;
BEGIN READ ONLY;
SELECT * FROM arbiter_occurrences('FREQ=DAILY', '2030-01-01', 'UTC', '2030-01-01', '2030-01-03');
COMMIT;
DROP FUNCTION seen(text, text, text, timestamptz, timestamptz);
DROP FUNCTION wrong(text[]);
DROP FUNCTION compared(text, timestamp, text, timestamptz, timestamptz[]);
