"""Texts of somebody who asked to be forgotten: Twilio deletes its copies (docs/privacy.md).

A few at a time; what fails, or is more than a few, dispatch puts on the queue again.
"""

import time
from collections.abc import Iterable
from uuid import UUID

from frontdesk import log, privacy, settings
from functions.sms_worker import twilio_sms
from functions.sms_worker.accounts import account_of
from functions.sms_worker.twilio_sms import Answer

# Seconds. A message has fifteen (app.LEAST_LEFT), and the request that is begun last may take ten of them.
ENOUGH = 4.0


def delete(org_id: UUID, twilio_sids: Iterable[str]) -> str:
    """Have Twilio delete these texts, and record of each what came of it: 'deleted:<how many>'."""
    account = account_of(org_id)
    until = time.monotonic() + ENOUGH
    deleted = 0
    for sid in twilio_sids:
        if time.monotonic() > until:
            break
        found = (
            account
            if isinstance(account, Answer)
            else twilio_sms.delete(account, sid, settings.current().twilio_api_base)
        )
        gone = found.result == "deleted"
        deleted += gone
        privacy.record_deletion(org_id, sid, None if gone else found.code or str(found.result))
        if not gone:
            log.info("text not deleted", org_id=str(org_id), error_code=found.code, result=str(found.result))
    return f"deleted:{deleted}"
