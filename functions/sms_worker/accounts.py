"""A clinic's account with Twilio, opened from its credentials; what stands in the way is an answer too."""

from uuid import UUID

from frontdesk import credentials
from frontdesk.errors import CredentialsMissingError, CredentialsUnavailableError, CredentialsUnreadableError
from functions.sms_worker.error_classes import ErrorClass
from functions.sms_worker.twilio_sms import Account, Answer

KMS_AWAY_SECONDS = 60


def account_of(org_id: UUID) -> Account | Answer:
    """Return the account, or the answer a request to Twilio would have been given for want of it."""
    try:
        secret = credentials.required(org_id, "twilio")
        return Account(secret["account_sid"], secret["auth_token"])
    except CredentialsMissingError:
        return Answer(ErrorClass.CONFIG, code="credentials_missing")
    except (CredentialsUnreadableError, KeyError):
        return Answer(ErrorClass.CONFIG, code="credentials_unreadable")
    except CredentialsUnavailableError:
        return Answer(ErrorClass.RETRY, code="credentials_unavailable", retry_seconds=KMS_AWAY_SECONDS)
