SELECT arbiter_claim(bench_request('constrained'), to_timestamp(:start::bigint), to_timestamp(:finish::bigint), 'bench');
