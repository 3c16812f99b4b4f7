-- Extend, truncate, resize and move: a reservation may use what it itself
-- occupies, and keeps what it has when it is refused.
SET client_min_messages TO warning;
SET timezone TO 'UTC';
SET datestyle TO 'ISO, YMD';
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION reshaped(id bigint)
RETURNS TABLE (part int, resource text, during tstzrange, occupied tstzrange, amount bigint, status text)
LANGUAGE sql STABLE AS $$
	SELECT v.part, r.name, v.during, v.occupied, v.amount, v.status
	FROM arbiter_reservation v JOIN arbiter_resource r USING (resource_id)
	WHERE v.reservation_id = id ORDER BY v.part
$$;
SELECT arbiter_create_resource('reshape') > 0;
SELECT arbiter_set_capacity('reshape', '2086-01-01', '2087-01-01', 10);
SELECT arbiter_reserve('reshape', '2086-03-01', '2086-03-05', 6, 'ann') AS id \gset
SELECT arbiter_reserve('reshape', '2086-03-10', '2086-03-15', 6, 'bob') AS other \gset

--
-- extend
--
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2086-03-12'));
SELECT * FROM reshaped(:id);
-- what the hint says is granted, one second more is not
SELECT arbiter_extend(:id, '2086-03-10');
SELECT * FROM reshaped(:id);
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2086-03-10 00:00:01'));
-- the end it has is no change, an earlier one is refused
SELECT arbiter_extend(:id, '2086-03-10');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '2086-03-09'));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :id, '-infinity'));
-- out of the schedule
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :other, '2087-01-01 00:00:01'));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :other, 'infinity'));
SELECT arbiter_extend(:other, '2087-01-01');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :other, '2087-01-02'));
SELECT * FROM reshaped(:other);
SELECT arbiter_available('reshape', '2086-03-10', '2087-01-01');
-- to infinity, where the schedule reaches it
SELECT arbiter_set_capacity('reshape', '2087-01-01', 'infinity', 6);
SELECT arbiter_extend(:other, 'infinity');
SELECT arbiter_extend(:other, 'infinity');
SELECT * FROM reshaped(:other);
SELECT arbiter_available('reshape', '2106-01-01', 'infinity');

--
-- truncate
--
SELECT arbiter_truncate(:other, '2086-03-15');
SELECT * FROM reshaped(:other);
SELECT arbiter_available('reshape', '2086-03-15', '2087-01-01'), arbiter_available('reshape', '2106-01-01', 'infinity');
-- the end it has is no change
SELECT arbiter_truncate(:other, '2086-03-15');
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :other, '2086-03-15 00:00:01'));
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :other, 'infinity'));
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :other, '2086-03-10'));
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :other, '-infinity'));
-- now: before it starts, and when it is over
SELECT outcome(format('SELECT arbiter_truncate(%s)', :other), mask => true);
SELECT arbiter_set_capacity('reshape', '2001-01-01', '2002-01-01', 10);
SELECT arbiter_reserve('reshape', '2001-01-01', '2001-01-02', 6) AS old \gset
SELECT outcome(format('SELECT arbiter_truncate(%s, NULL)', :old), mask => true);
-- what has been is corrected all the same
SELECT arbiter_truncate(at => '2001-01-01 12:00', reservation_id => :old);
SELECT * FROM reshaped(:old);
-- one that runs
SELECT arbiter_create_resource('reshape.hours', granularity => '1 hour') > 0;
SELECT arbiter_set_capacity('reshape.hours', '2001-01-01', '2199-01-01', 10);
SELECT arbiter_reserve('reshape.hours', '2001-01-01', '2199-01-01', 10) AS running \gset
SELECT clock_timestamp() AS before \gset
SELECT arbiter_truncate(:running);
SELECT lower(during), upper(during) >= :'before' AND upper(during) < :'before'::timestamptz + interval '61 min' AND extract(epoch FROM upper(during)) % 3600 = 0 AS aligned, status
FROM reshaped(:running);
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :running, '2002-01-01 00:30'));
-- the rest is there for somebody else at once
SELECT arbiter_reserve('reshape.hours', upper(during), '2199-01-01', 10) > 0 FROM reshaped(:running);

--
-- resize
--
SELECT arbiter_truncate(:id, '2086-03-05');
SELECT arbiter_resize(:id, 4);
SELECT arbiter_available('reshape', '2086-03-01', '2086-03-05');
SELECT arbiter_resize(:id, 10);
SELECT arbiter_resize(:id, 10);
SELECT arbiter_resize(:id, 10, 'reshape');
SELECT * FROM reshaped(:id);
SELECT outcome(format('SELECT arbiter_resize(%s, 11)', :id));
SELECT outcome(format('SELECT arbiter_resize(%s, 9223372036854775807)', :id));
SELECT outcome(format('SELECT arbiter_resize(%s, 0)', :id));
SELECT outcome(format('SELECT arbiter_resize(%s, -1)', :id));
SELECT outcome(format('SELECT arbiter_resize(%s, 1, %L)', :id, 'reshape.none'));
SELECT outcome(format('SELECT arbiter_resize(%s, 1, %L)', :id, 'reshape.hours'));
SELECT arbiter_reserve('reshape', '2086-03-12', '2086-03-13', 3) > 0;
SELECT outcome(format('SELECT arbiter_resize(%s, 8)', :other));
SELECT arbiter_resize(:other, 7);
SELECT arbiter_resize(:other, 6);
SELECT * FROM reshaped(:other);

--
-- move
--
-- over its own place
SELECT arbiter_move(:id, '2086-03-02');
SELECT arbiter_move(:id, '2086-02-28');
SELECT arbiter_move(:id, '2086-02-28');
SELECT * FROM reshaped(:id);
SELECT arbiter_available('reshape', '2086-03-04', '2086-03-10'), arbiter_available('reshape', '2086-02-28', '2086-03-04');
-- into another one's: refused, and still where it was
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :id, '2086-03-07'));
SELECT * FROM reshaped(:id);
SELECT arbiter_move(:id, '2086-03-15');
SELECT arbiter_move(:id, '2086-03-06');
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :id, '2000-03-06'));
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :id, 'infinity'));
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :id, '-infinity'));
-- one without an end keeps none; one with an end does not reach it
SELECT arbiter_reserve('reshape', '2096-01-01', 'infinity', 1) AS endless \gset
SELECT arbiter_move(:endless, '2097-01-01');
SELECT * FROM reshaped(:endless);
SELECT arbiter_available('reshape', '2096-01-01', '2097-01-01'), arbiter_available('reshape', '2097-01-01', 'infinity');
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :id, '294276-12-31'));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :endless, '2098-01-01'));
SELECT arbiter_truncate(:endless, '2098-01-01');
SELECT * FROM arbiter_check();

--
-- granularity and lead time
--
SELECT arbiter_reserve('reshape.hours', '2200-01-01', '2200-01-02', 1) AS hours FROM (SELECT arbiter_set_capacity('reshape.hours', '2200-01-01', '2201-01-01', 1)) s \gset
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :hours, '2200-01-02 00:30'));
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :hours, '2200-01-02 00:30'));
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :hours, '2200-01-01 12:30'));
SELECT arbiter_alter_resource('reshape.hours', min_lead => '1 day');
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :hours, '2001-01-01'), mask => true);
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :hours, '2001-01-01 00:30'));
-- without a lead time for what stays, or is no start
SELECT arbiter_move(:hours, '2200-01-01');
SELECT arbiter_move(:hours, '2200-01-01 01:00');
SELECT * FROM reshaped(:hours);
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :running, '2199-01-01'), mask => true);
SELECT arbiter_truncate(:running, '2001-01-02');
SELECT arbiter_extend(:running, '2001-01-03');
SELECT arbiter_resize(:running, 3);
SELECT * FROM reshaped(:running);
-- options that came later: what stays is not held to them
SELECT arbiter_alter_resource('reshape.hours', granularity => '1 day');
SELECT arbiter_resize(:hours, 1), arbiter_transfer(:hours, 'ann');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :hours, '2200-01-03'));

--
-- setup and cleanup time
--
SELECT arbiter_create_resource('reshape.clean', granularity => '1 hour', cleanup_time => '1 hour', setup_time => '30 min') > 0;
SELECT arbiter_set_capacity('reshape.clean', '2086-01-01', '2087-01-01', 1);
SELECT arbiter_reserve('reshape.clean', '2086-01-02 00:00', '2086-01-02 04:00', 1) AS clean \gset
SELECT arbiter_reserve('reshape.clean', '2086-01-02 12:00', '2086-01-02 16:00', 1) AS clean2 \gset
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :clean, '2086-01-02 12:00'));
SELECT arbiter_extend(:clean, '2086-01-02 10:00');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :clean, '2086-01-02 11:00'));
SELECT * FROM reshaped(:clean);
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :clean, '2086-01-02 01:00'));
SELECT arbiter_truncate(:clean, '2086-01-02 03:00');
SELECT * FROM reshaped(:clean);
SELECT arbiter_available('reshape.clean', '2086-01-02 04:30', '2086-01-02 10:30'), arbiter_available('reshape.clean', '2086-01-02 04:00', '2086-01-02 10:30');
SELECT arbiter_move(:clean, '2086-01-02 07:00');
SELECT * FROM reshaped(:clean);
-- the options are other ones now: what moves is given them, what stays keeps its own
SELECT arbiter_alter_resource('reshape.clean', cleanup_time => '2 hours', setup_time => '0');
SELECT arbiter_transfer(:clean, 'ann');
SELECT * FROM reshaped(:clean);
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :clean, '2086-01-02 10:00'));
SELECT arbiter_truncate(:clean, '2086-01-02 09:00');
SELECT * FROM reshaped(:clean);
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :clean, '2086-01-02 08:00'));
SELECT * FROM reshaped(:clean);
-- as a raw UPDATE does
UPDATE arbiter_reservation SET during = '[2086-01-02 03:00, 2086-01-02 04:00)' WHERE reservation_id = :clean;
SELECT * FROM reshaped(:clean);
SELECT * FROM arbiter_check();

--
-- several parts
--
SELECT arbiter_create_resource('reshape.two') > 0;
SELECT arbiter_set_capacity('reshape.two', '2086-01-01', '2087-01-01', 20);
SELECT arbiter_reserve_all('{"reshape": 3, "reshape.two": 12}', '2086-06-01', '2086-06-05') AS both \gset
SELECT arbiter_reserve('reshape.two', '2086-06-10', '2086-06-15', 12) AS block \gset
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :both, '2086-06-11'));
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :both, '2086-06-08'));
SELECT * FROM reshaped(:both);
SELECT arbiter_extend(:both, '2086-06-10');
SELECT arbiter_move(:both, '2086-05-31');
SELECT arbiter_truncate(:both, '2086-06-04');
SELECT * FROM reshaped(:both);
SELECT outcome(format('SELECT arbiter_resize(%s, 4)', :both));
SELECT outcome(format('SELECT arbiter_resize(%s, 4, %L)', :both, 'reshape.clean'));
SELECT arbiter_resize(:both, 4, 'reshape');
SELECT arbiter_resize(:both, 20, 'reshape.two');
SELECT outcome(format('SELECT arbiter_resize(%s, 21, %L)', :both, 'reshape.two'));
SELECT * FROM reshaped(:both);
-- a part that was cancelled is left alone
UPDATE arbiter_reservation SET status = 'cancelled' WHERE reservation_id = :both AND part = 2;
SELECT arbiter_resize(:both, 5);
SELECT arbiter_move(:both, '2086-06-01');
SELECT * FROM reshaped(:both);
-- several spans: the last is extended, the later ones are released, all move
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount)
SELECT nextval('arbiter_reservation_id_seq'), 1, id_of('reshape'), '[2086-08-01,2086-08-03)', 5
RETURNING reservation_id AS spans \gset
INSERT INTO arbiter_reservation (reservation_id, part, resource_id, during, amount)
VALUES (:spans, 2, id_of('reshape'), '[2086-08-05,2086-08-07)', 6), (:spans, 3, id_of('reshape'), '[2086-08-09,2086-08-11)', 7);
SELECT arbiter_extend(:spans, '2086-08-12');
SELECT arbiter_move(:spans, '2086-08-02');
SELECT * FROM reshaped(:spans);
SELECT arbiter_reserve('reshape', '2086-08-15', '2086-08-16', 4) > 0;
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :spans, '2086-08-06'));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :spans, '2086-08-20'));
SELECT arbiter_truncate(:spans, '2086-08-07');
SELECT * FROM reshaped(:spans);
SELECT outcome(format('SELECT arbiter_truncate(%s, %L)', :spans, '2086-08-08'));
SELECT arbiter_truncate(:spans, '2086-08-05');
SELECT * FROM reshaped(:spans);
SELECT arbiter_resize(:spans, 1);
SELECT * FROM arbiter_check();

--
-- holds keep their expiry; what has expired, or was cancelled, is refused
--
SELECT arbiter_hold('reshape', '2086-10-01', '2086-10-02', 1, '1 day') AS hold \gset
SELECT arbiter_extend(:hold, '2086-10-05'), arbiter_move(:hold, '2086-10-02'), arbiter_resize(:hold, 2), arbiter_truncate(:hold, '2086-10-04');
SELECT during, amount, status, expires_at > now() + interval '23 hours' AS kept FROM arbiter_reservation WHERE reservation_id = :hold;
UPDATE arbiter_reservation SET expires_at = '2001-01-01' WHERE reservation_id = :hold;
SELECT outcome(format(call, :hold)) FROM unnest('{"SELECT arbiter_extend(%s, ''2086-11-01'')","SELECT arbiter_truncate(%s, ''2086-10-03'')","SELECT arbiter_resize(%s, 1)","SELECT arbiter_move(%s, ''2086-11-01'')"}'::text[]) call;
-- an expired hold of somebody else is no obstacle
SELECT arbiter_hold('reshape', '2086-10-10', '2086-10-20', 10, '1 ms') > 0;
SELECT pg_sleep(0.01);
SELECT arbiter_reserve('reshape', '2086-10-08', '2086-10-09', 10) AS room \gset
SELECT arbiter_extend(:room, '2086-10-12');
SELECT arbiter_move(:room, '2086-10-15');
SELECT arbiter_cancel(:room);
SELECT outcome(format(call, :room)) FROM unnest('{"SELECT arbiter_extend(%s, ''2086-11-01'')","SELECT arbiter_truncate(%s, ''2086-10-16'')","SELECT arbiter_resize(%s, 1)","SELECT arbiter_move(%s, ''2086-11-01'')"}'::text[]) call;
SELECT outcome(format(call, -1)) FROM unnest('{"SELECT arbiter_extend(%s, ''2086-11-01'')","SELECT arbiter_truncate(%s, ''2086-10-16'')","SELECT arbiter_resize(%s, 1)","SELECT arbiter_move(%s, ''2086-11-01'')"}'::text[]) call;
SELECT * FROM arbiter_check();

--
-- oversold windows: no instant may be made worse
--
SELECT arbiter_reserve('reshape', '2086-11-01', '2086-11-05', 8) AS worse \gset
SELECT arbiter_set_capacity('reshape', '2086-11-02', '2086-11-04', 4, force => true);
SELECT arbiter_extend(:worse, '2086-11-06');
SELECT arbiter_resize(:worse, 7);
SELECT outcome(format('SELECT arbiter_resize(%s, 8)', :worse));
SELECT arbiter_move(:worse, '2086-11-02');
SELECT arbiter_move(:worse, '2086-11-01');
SELECT arbiter_truncate(:worse, '2086-11-03');
SELECT outcome(format('SELECT arbiter_move(%s, %L)', :worse, '2086-11-02'));
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :worse, '2086-11-04'));
SELECT resource_name, during, capacity, reserved, available FROM arbiter_conflicts('reshape');
SELECT arbiter_cancel(:worse);

--
-- the float: what a reservation for trying out has is not everybody's
--
SELECT arbiter_create_resource('reshape.float', float_percent => 20) > 0;
SELECT arbiter_set_capacity('reshape.float', '2086-01-01', '2087-01-01', 10);
SELECT arbiter_reserve('reshape.float', '2086-01-01', '2086-01-02', 6) AS plain \gset
SELECT outcome(format('SELECT arbiter_resize(%s, 9)', :plain));
SELECT arbiter_resize(:plain, 8);
SELECT arbiter_reserve('reshape.float', '2086-01-01', '2086-01-02', 1, tryout => true) AS tryout \gset
SELECT arbiter_resize(:tryout, 2);
SELECT outcome(format('SELECT arbiter_resize(%s, 3)', :tryout));
SELECT arbiter_extend(:plain, '2086-01-05'), arbiter_move(:plain, '2086-01-02'), arbiter_move(:tryout, '2086-01-03');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :plain, '2087-01-02'));
SELECT * FROM arbiter_check();

--
-- NULL, read-only transactions, privileges
--
SELECT outcome($$ SELECT arbiter_extend(NULL, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_extend(1, NULL) $$);
SELECT outcome($$ SELECT arbiter_truncate(NULL, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_resize(NULL, 1) $$);
SELECT outcome($$ SELECT arbiter_resize(1, NULL) $$);
SELECT outcome($$ SELECT arbiter_move(NULL, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_move(1, NULL) $$);
BEGIN READ ONLY;
SELECT outcome($$ SELECT arbiter_extend(1, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_truncate(1, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_resize(1, 1) $$);
SELECT outcome($$ SELECT arbiter_move(1, '2086-01-01') $$);
COMMIT;
CREATE ROLE regress_arbiter_reshape;
GRANT EXECUTE ON FUNCTION outcome(text, boolean) TO regress_arbiter_reshape;
SET ROLE regress_arbiter_reshape;
SELECT outcome($$ SELECT arbiter_extend(1, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_truncate(1, '2086-01-01') $$);
SELECT outcome($$ SELECT arbiter_resize(1, 1) $$);
SELECT outcome($$ SELECT arbiter_move(1, '2086-01-01') $$);
RESET ROLE;
-- EXECUTE is all it takes, whoever reserved
GRANT EXECUTE ON FUNCTION arbiter_extend(bigint, timestamptz), arbiter_truncate(bigint, timestamptz, boolean), arbiter_resize(bigint, bigint, text, timestamptz, boolean), arbiter_move(bigint, timestamptz, boolean)
TO regress_arbiter_reshape;
SET ROLE regress_arbiter_reshape;
SELECT arbiter_extend(:other, '2086-03-16'), arbiter_truncate(:other, '2086-03-15'), arbiter_resize(:other, 5), arbiter_move(:other, '2086-03-20');
SELECT outcome(format('SELECT arbiter_resize(%s, 11)', :other));
RESET ROLE;
SELECT * FROM reshaped(:other);
DROP OWNED BY regress_arbiter_reshape;
DROP ROLE regress_arbiter_reshape;

-- savepoints: what is undone is undone in the timeline
BEGIN;
SELECT arbiter_move(:other, '2086-03-21');
SAVEPOINT s;
SELECT arbiter_resize(:other, 10);
SELECT arbiter_extend(:other, '2086-04-01');
ROLLBACK TO s;
SELECT arbiter_available('reshape', '2086-03-21', '2086-04-01');
SELECT outcome(format('SELECT arbiter_extend(%s, %L)', :other, '2088-01-01'));
COMMIT;
SELECT * FROM reshaped(:other);
-- many at once, in a query
SELECT count(arbiter_extend(reservation_id, upper(during) + interval '1 hour'))
FROM arbiter_reservation WHERE resource_id = id_of('reshape.float') AND status = 'confirmed';
SELECT count(arbiter_resize(reservation_id, 1)) FROM arbiter_reservation WHERE resource_id = id_of('reshape.float') AND status = 'confirmed';
SELECT * FROM booked('reshape.float');
-- twice in one query: it is changed twice
SELECT arbiter_move(:other, d::timestamptz) FROM unnest('{2086-04-01,2086-05-01}'::date[]) d;
SELECT * FROM reshaped(:other);
SELECT outcome(format($$ WITH x AS (UPDATE arbiter_reservation SET attributes = '{}' WHERE reservation_id = %1$s RETURNING 1) SELECT arbiter_move(%1$s, '2086-05-02') FROM x $$, :other));
SELECT * FROM arbiter_check();
DROP FUNCTION reshaped(bigint);
