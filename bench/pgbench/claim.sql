SELECT arbiter_claim(bench_request('plain'), to_timestamp(:start::bigint), to_timestamp(:finish::bigint), 'bench');
