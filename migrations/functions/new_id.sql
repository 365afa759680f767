-- A new id, in time order (UUID version 7), so that indexes grow at their right edge.
-- Postgres 18 has uuidv7(); this also runs on 15 to 17.
CREATE OR REPLACE FUNCTION frontdesk.new_id() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT encode(
        set_byte(
            overlay(uuid_send(gen_random_uuid())
                    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6),
            6, 112 + get_byte(uuid_send(gen_random_uuid()), 6) % 16),   -- 0x7_: the version; the variant bits stay
        'hex')::uuid
$$;
