SELECT arbiter_reserve(start_time => :start::bigint, end_time => :finish::bigint, amount => 1, user_id => 'user ' || :client_id, resource => :resource::text);
