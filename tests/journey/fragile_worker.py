"""`minutehand work` whose claims run out after three seconds, and which some tickets kill.

Started by tests as `python -m journey.fragile_worker work`.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import worker.lifecycle
import worker.store.due
from worker.__main__ import main

LEASE = 3.0
POISON = "kills the process"


def deadly(subject: str, *rest: Any, **more: Any) -> Any:
    if POISON in subject:
        os.kill(os.getpid(), signal.SIGKILL)
    return decide(subject, *rest, **more)


decide = worker.lifecycle.decide
if __name__ == "__main__":
    worker.lifecycle.decide = deadly
    worker.store.due.UNTIL_DONE = LEASE
    worker.store.due.APART = 0.5
    main()
