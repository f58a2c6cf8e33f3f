"""The door for a WSGI server: `python -m waitress --threads=16 sandbox.wsgi:app`.

One process only: the state is in memory.
"""

from __future__ import annotations

import os

from sandbox.app import create_app
from sandbox.settings import Settings

app = create_app(Settings.from_environment(os.environ))
