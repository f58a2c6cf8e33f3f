"""A job that does nothing, in a module that imports nothing: RQ's worker imports it anew each time."""


def job(*_: object) -> None:
    """Nothing."""
