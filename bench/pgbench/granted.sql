SELECT arbiter_try_reserve(start_time => :start::bigint, end_time => :finish::bigint, amount => 1, user_id => 'bench', resource => :resource::text);
