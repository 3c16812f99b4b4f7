INSERT INTO bench_f0 (resource_id, during, amount, user_id) VALUES (:resource, tstzrange(to_timestamp(:start), to_timestamp(:finish)), 1, 'bench');
