FLOOR = """
\\set org random(1, 50)
INSERT INTO bench.floor (org, at, name) VALUES (('00000000-0000-4000-8000-000000100' || lpad(':org', 3, '0'))::uuid, now(), 'Dana Whitfield');
"""
BOOK = """
\\set org random(100001, 100050)
\\set provider :org * 100 + random(1, 4)
\\set day random(2, 360)
\\set slot random(32, 71)
\\set caller random(2000000, 9999999)
\\set call random(1, 1000000000000)
SELECT frontdesk.book_appointment_atomic('00000000-0000-4000-8000-000000:org', 'Dana Whitfield', NULL, '+1202:caller', 'Check-up', (current_date + :day + time '00:00' + :slot * interval '15 minutes') AT TIME ZONE 'America/New_York', NULL, '00000000-0000-4000-9000-0000:provider', 'call-:call', 'tool-:call');
"""
