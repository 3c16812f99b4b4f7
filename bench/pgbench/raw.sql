INSERT INTO arbiter_reservation (resource_id, during, amount, user_id) VALUES (:resource, tstzrange(to_timestamp(:start), to_timestamp(:finish)), 1, 'bench');
