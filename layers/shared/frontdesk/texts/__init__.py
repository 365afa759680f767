"""The words of texts to patients: templates, what stands in them, what they cost, which may be saved.

docs/sms.md is the reference. Who sends them is functions/sms_worker; who edits them, the operator's command
and the staff's board.
"""

from frontdesk.texts.segments import Segments, segments
from frontdesk.texts.templates import ALLOWED, EVENTS, LANGUAGES, OUTGOING, REQUIRED
from frontdesk.texts.wording import (
    Preview,
    default,
    first_name,
    for_task,
    language_of,
    preview,
    problems,
    render,
    values,
    wants_link,
    without_token,
    written_phone,
)

__all__ = [
    "ALLOWED",
    "EVENTS",
    "LANGUAGES",
    "OUTGOING",
    "REQUIRED",
    "Preview",
    "Segments",
    "default",
    "first_name",
    "for_task",
    "language_of",
    "preview",
    "problems",
    "render",
    "segments",
    "values",
    "wants_link",
    "without_token",
    "written_phone",
]
