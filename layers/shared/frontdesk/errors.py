"""What can go wrong on our side. A taken slot is no error: it is an outcome (docs/booking-function.md)."""


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
