"""What can go wrong on our side. A taken slot is no error: it is an outcome (docs/booking-function.md)."""

from uuid import UUID


class FrontdeskError(Exception):
    """Something failed on our side."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class SettingsError(FrontdeskError):
    """A setting in the environment is missing or unusable."""


class DatabaseUnavailableError(FrontdeskError):
    """The database did not answer; nothing is known about the call's effect, so repeat it with its key."""

    def __init__(self, sqlstate: str | None = None) -> None:
        # Only the code: a driver's message can quote the row, and with it a patient.
        super().__init__(f"The database did not answer (SQLSTATE {sqlstate or 'none'}).")
        self.sqlstate = sqlstate


class ScheduleBusyError(FrontdeskError):
    """The provider's schedule stayed locked for three seconds; try again."""


class CredentialsError(FrontdeskError):
    """A clinic's credentials with somebody else cannot be used; other clinics are not concerned."""

    def __init__(self, org_id: UUID, purpose: str, message: str) -> None:
        super().__init__(message)
        self.org_id = org_id
        self.purpose = purpose


class CredentialsMissingError(CredentialsError):
    """A clinic has no credentials for what was asked."""

    def __init__(self, org_id: UUID, purpose: str) -> None:
        super().__init__(org_id, purpose, f"Org {org_id} has no {purpose} credentials.")


class CredentialsUnreadableError(CredentialsError):
    """A clinic's credentials are there but will never open: they were changed, or their key is gone."""

    def __init__(self, org_id: UUID, purpose: str, why: str) -> None:
        super().__init__(org_id, purpose, f"The {purpose} credentials of org {org_id} do not open: {why}.")


class CredentialsUnavailableError(CredentialsError):
    """The key service did not do its part; try again later, nothing is wrong with the credentials."""

    def __init__(self, org_id: UUID, purpose: str, why: str) -> None:
        super().__init__(
            org_id, purpose, f"The {purpose} credentials of org {org_id} are out of reach for now: {why}."
        )
