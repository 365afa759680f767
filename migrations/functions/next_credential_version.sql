-- The version that a clinic's next secret of this purpose must be sealed for.
CREATE OR REPLACE FUNCTION frontdesk.next_credential_version(p_org_id uuid, p_purpose text) RETURNS integer
LANGUAGE sql VOLATILE
AS $$
    SELECT coalesce(max(c.version), 0) + 1 FROM frontdesk.credentials c WHERE c.org_id = p_org_id AND c.purpose = p_purpose
$$;
