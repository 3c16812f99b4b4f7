SELECT arbiter_reserve_template('large', 1, to_timestamp(:start::bigint), to_timestamp(:finish::bigint), user_id => 'bench');
