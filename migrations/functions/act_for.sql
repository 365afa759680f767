-- Become this clinic for the rest of the transaction, and return it. 22023 where there is none of that id.
CREATE OR REPLACE FUNCTION frontdesk.act_for(p_org_id uuid) RETURNS frontdesk.orgs
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_org frontdesk.orgs;
BEGIN
    PERFORM set_config('app.org_id', coalesce(p_org_id::text, ''), true);
    SELECT * INTO v_org FROM frontdesk.orgs WHERE id = p_org_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown org %', p_org_id USING ERRCODE = '22023';
    END IF;
    RETURN v_org;
END
$$;
