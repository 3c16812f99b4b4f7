-- The two references, and what loads and times them beside arbiter.
--
-- F0 is the least any reservation costs: one row, a primary key from a
-- sequence, one btree, nothing checked.  P1 is the correct recipe that people
-- write today in PL/pgSQL.  Both get the columns of arbiter_reservation, so
-- that the rows are as wide.  Resource n has id n and name 'n' everywhere.

CREATE EXTENSION arbiter CASCADE;
CREATE EXTENSION pg_walinspect;

--
-- F0: a bare insert
--

CREATE SEQUENCE bench_f0_id_seq;
CREATE TABLE bench_f0 (LIKE arbiter_reservation INCLUDING DEFAULTS);
ALTER TABLE bench_f0
	ALTER COLUMN reservation_id SET DEFAULT nextval('bench_f0_id_seq'),
	ADD PRIMARY KEY (reservation_id);
CREATE INDEX ON bench_f0 (resource_id, lower(during));

--
-- F0 with a second row: what any state beside the reservation costs at the least,
-- through plain SQL.  As many rows as there are chunks of 1,000 resources in a
-- year, and about as wide.
--

CREATE TABLE bench_second (
	resource_id integer,
	month integer,
	filler text NOT NULL DEFAULT repeat('x', 120),
	counter bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (resource_id, month)
) WITH (fillfactor = 60);

--
-- P1: lock the resource, sweep over what overlaps, insert
--

CREATE TABLE bench_p1_resource (
	resource_id integer PRIMARY KEY,
	capacity bigint NOT NULL
);
CREATE SEQUENCE bench_p1_id_seq;
CREATE TABLE bench_p1 (LIKE arbiter_reservation INCLUDING DEFAULTS);
ALTER TABLE bench_p1
	ALTER COLUMN reservation_id SET DEFAULT nextval('bench_p1_id_seq'),
	ADD PRIMARY KEY (reservation_id);
CREATE INDEX ON bench_p1 USING gist (resource_id, during);

-- Of several ways to write the sweep this one measured best, both for a dozen
-- and for a hundred thousand bookings in the range.
CREATE FUNCTION bench_p1_reserve(wanted_resource integer, start_time timestamptz,
	end_time timestamptz, wanted bigint, booker text)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	total bigint;
	level bigint := 0;
	peak bigint := 0;
	event record;
	new_id bigint;
BEGIN
	SELECT r.capacity INTO STRICT total
	FROM bench_p1_resource r WHERE r.resource_id = wanted_resource
	FOR UPDATE;

	FOR event IN
		SELECT e.instant, e.change
		FROM bench_p1 b
		CROSS JOIN LATERAL (VALUES
			(lower(b.during), b.amount),
			(upper(b.during), - b.amount)) e (instant, change)
		WHERE b.resource_id = wanted_resource
			AND b.during && tstzrange(start_time, end_time)
			AND b.status IN ('held', 'confirmed')
		ORDER BY e.instant, e.change
	LOOP
		level := level + event.change;
		IF level > peak THEN
			peak := level;
		END IF;
	END LOOP;

	IF peak + wanted > total THEN
		RAISE EXCEPTION 'insufficient capacity';
	END IF;

	INSERT INTO bench_p1 (resource_id, during, amount, user_id)
	VALUES (wanted_resource, tstzrange(start_time, end_time), wanted, booker)
	RETURNING reservation_id INTO new_id;
	RETURN new_id;
END
$$;

--
-- Loading: the same bookings for all who are to have them
--

CREATE TABLE bench_booking (
	resource_id integer,
	during tstzrange,
	amount bigint
);

-- The year of most cases is 2026 in UTC; a slot is five minutes of it.
CREATE FUNCTION bench_slot(slot integer)
RETURNS timestamptz
LANGUAGE SQL IMMUTABLE
RETURN to_timestamp(1767225600 + slot * 300);

CREATE PROCEDURE bench_resources(count integer, capacity bigint, slots integer DEFAULT 105120)
LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1 .. count LOOP
		IF arbiter_create_resource(n::text) <> n THEN
			RAISE EXCEPTION 'resource % has another id', n;
		END IF;
		PERFORM arbiter_set_capacity(n::text, bench_slot(0), bench_slot(slots), capacity);
		INSERT INTO bench_p1_resource VALUES (n, capacity);
	END LOOP;
END
$$;

-- Twenty-six bookings a year for each resource, one in every fortnight.
CREATE PROCEDURE bench_plan_sparse(resources integer)
LANGUAGE SQL
BEGIN ATOMIC
	SELECT setseed(0.26);
	INSERT INTO bench_booking
	SELECT r, tstzrange(bench_slot(at), bench_slot(at + length)), 1
	FROM (
		SELECT r, fortnight * 4032 + floor(random() * 4000)::int AS at,
			6 + floor(random() * 13)::int AS length
		FROM generate_series(1, resources) r, generate_series(0, 25) fortnight
	) b
	ORDER BY random();
END;

-- Bookings of half an hour to ninety minutes anywhere in the year.
CREATE PROCEDURE bench_plan_dense(resource integer, bookings integer)
LANGUAGE SQL
BEGIN ATOMIC
	SELECT setseed(0.5);
	INSERT INTO bench_booking
	SELECT resource, tstzrange(bench_slot(at), bench_slot(at + length)), 1
	FROM (
		SELECT floor(random() * 105000)::int AS at, 6 + floor(random() * 13)::int AS length
		FROM generate_series(1, bookings)
	) b;
END;

-- A step at every slot of the year: one booking in every other slot.
CREATE PROCEDURE bench_plan_stairs(resource integer)
LANGUAGE SQL
BEGIN ATOMIC
	INSERT INTO bench_booking
	SELECT resource, tstzrange(bench_slot(slot), bench_slot(slot + 1)), 1
	FROM generate_series(0, 105118, 2) slot;
END;

-- Two years that are nearly full: as many lanes as there is capacity, each with
-- one booking of half an hour to ninety minutes after the other, and a short
-- pause after one in ten.  The last two weeks or so are free.
CREATE PROCEDURE bench_plan_lanes(resource integer, lanes integer, bookings integer)
LANGUAGE SQL
BEGIN ATOMIC
	SELECT setseed(0.75);
	INSERT INTO bench_booking
	SELECT resource, tstzrange(bench_slot(ends - length), bench_slot(ends)), 1
	FROM (
		SELECT length, sum(length + pause) OVER (PARTITION BY lane ORDER BY n)::int - pause AS ends
		FROM (
			SELECT n % lanes AS lane, n, 6 + floor(random() * 13)::int AS length,
				greatest(0, floor(random() * 60)::int - 53) AS pause
			FROM generate_series(1, bookings) n
		) drawn
	) placed;
END;

CREATE PROCEDURE bench_fill(VARIADIC candidates text[])
LANGUAGE plpgsql AS $$
BEGIN
	IF 'f0' = ANY (candidates) THEN
		INSERT INTO bench_f0 (resource_id, during, amount, user_id)
		SELECT b.resource_id, b.during, b.amount, 'before' FROM bench_booking b;
	END IF;
	IF 'p1' = ANY (candidates) THEN
		INSERT INTO bench_p1 (resource_id, during, amount, user_id)
		SELECT b.resource_id, b.during, b.amount, 'before' FROM bench_booking b;
	END IF;
	IF 'arbiter' = ANY (candidates) THEN
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
		SELECT b.resource_id, b.during, b.amount, 'before' FROM bench_booking b;
	END IF;
	TRUNCATE bench_booking;
END
$$;
