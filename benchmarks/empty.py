"""A job that does nothing, in a module without imports: RQ's worker imports it each time."""


def job(*_: object) -> None:
    """Nothing."""
