-- What claims are measured with: deployments (deployments.sql), requests, and
-- how full the providers are.

-- plain: three resources of one provider; constrained: with every constraint that
-- one group can have; related: besides, a second group, with every relation to the
-- first; scarce: more processors than most have left when they are full.
CREATE FUNCTION bench_request(kind text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	CASE kind
		WHEN 'plain' THEN
			RETURN '{"resources": {"cpu.shared": 1, "memory": 67108864, "storage.block": 1000000000}}';
		WHEN 'pack', 'spread' THEN
			RETURN bench_request('plain') || jsonb_build_object('choose', kind);
		WHEN 'scarce' THEN
			RETURN jsonb_set(bench_request('plain'), '{resources,cpu.shared}', '20');
		WHEN 'constrained' THEN
			RETURN bench_request('plain') || '{
				"name": "a",
				"capabilities": [{"require": ["cpu.x86.vmx"], "any": ["cpu.x86.avx", "cpu.x86.avx2"]},
					{"forbid": ["storage.disk.ssd"]}],
				"resource_capabilities": {"cpu.shared": {"require": ["cpu.x86.avx2"]}},
				"member_of": {"any": ["east", "west"], "forbid": ["east-row1-rack1"]},
				"distances": [{"type": "failure", "to": "north", "min": "failure.site"}],
				"isolate_from": [1]}';
		WHEN 'related' THEN
			RETURN jsonb_build_object('groups', jsonb_build_array(bench_request('constrained'),
				bench_request('plain') || '{
				"name": "b",
				"distances": [{"type": "failure", "to_group": "a", "min": "failure.row"},
					{"type": "network", "to_group": "a", "max": "network.site"}],
				"isolate_from": ["a"],
				"same_group": {"site": "a"}}'));
	END CASE;
END
$$;

-- A deployment whose timelines are built, and the claim with reservation_id 1 that
-- the constrained ones are isolated from.  A commit now and then: each timeline
-- that is built is a lock.
CREATE PROCEDURE bench_deployment(size text)
LANGUAGE plpgsql AS $$
DECLARE
	resource record;
BEGIN
	PERFORM arbiter_load_deployment(deployment(size));
	COMMIT;
	FOR resource IN SELECT r.resource_id, r.name FROM arbiter_resource r LOOP
		PERFORM arbiter_rebuild(resource.name);
		IF resource.resource_id % 1000 = 0 THEN
			COMMIT;
		END IF;
	END LOOP;
	PERFORM FROM arbiter_claim(bench_request('plain'), bench_slot(0), bench_slot(12), 'before');
	IF NOT EXISTS (SELECT FROM arbiter_claim WHERE reservation_id = 1) THEN
		RAISE EXCEPTION 'the claim to be isolated from has another id';
	END IF;
END
$$;

-- 95 per cent of everything is taken all the year, but for the processors of five
-- providers: of those, 24 are left.
CREATE PROCEDURE bench_fill_providers()
LANGUAGE plpgsql AS $$
BEGIN
	FOR low IN 1 .. (SELECT max(resource_id) FROM arbiter_resource) BY 1000 LOOP
		INSERT INTO arbiter_reservation (resource_id, during, amount, user_id)
		SELECT r.resource_id, tstzrange(bench_slot(0), bench_slot(105120)),
			CASE WHEN r.resource_type = 'cpu.shared' AND r.provider_id % 2000 = 0 THEN c.amount - 24
				ELSE ceil(c.amount * 0.95) END, 'before'
		FROM arbiter_resource r JOIN arbiter_capacity c USING (resource_id)
		WHERE r.resource_id >= low AND r.resource_id < low + 1000;
		COMMIT;
	END LOOP;
END
$$;

CREATE PROCEDURE time_deployment(size text, INOUT microseconds numeric DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	PERFORM arbiter_load_deployment(deployment(size));
	COMMIT;
	microseconds := round(extract(epoch FROM clock_timestamp() - began) * 1000000);
END
$$;

-- a claim of each kind of request: claim, claim_constrained, ...
DO $do$
DECLARE
	kind text;
BEGIN
	FOREACH kind IN ARRAY ARRAY['plain', 'constrained', 'related', 'pack', 'spread', 'scarce'] LOOP
		CALL bench_timer(CASE kind WHEN 'plain' THEN 'claim' ELSE 'claim_' || kind END, format($$
			SELECT c.reservation_id INTO id
			FROM arbiter_claim(bench_request(%L), start_time, end_time, 'bench') c LIMIT 1
		$$, kind));
	END LOOP;
END
$do$;

-- refused, with its reasons
CALL bench_timer('claim_refused', $$
	answer := arbiter_try_claim(jsonb_set(bench_request('plain'), '{resources,cpu.shared}', '25'),
		start_time, end_time, 'bench')
$$);
