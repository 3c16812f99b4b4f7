SELECT arbiter_claim(bench_request('related'), to_timestamp(:start::bigint), to_timestamp(:finish::bigint), 'bench');
