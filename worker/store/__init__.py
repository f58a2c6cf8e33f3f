"""Redis, the only store: the due set that drives everything, and what is kept per ticket."""
