SELECT bench_p1_reserve(:resource, to_timestamp(:start), to_timestamp(:finish), 1, 'bench');
