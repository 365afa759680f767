-- Forget a calendar that is nobody's any more, once nothing of ours is left to be taken off it.
CREATE OR REPLACE FUNCTION frontdesk.forget_left_calendar(p_org_id uuid, p_calendar_id uuid) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM frontdesk.calendars c
    WHERE c.org_id = p_org_id AND c.id = p_calendar_id AND c.provider_id IS NULL
      AND NOT EXISTS (SELECT FROM frontdesk.calendar_events e
                      WHERE e.org_id = c.org_id AND e.calendar_id = c.id AND e.state IN ('wanted', 'live'))
$$;
