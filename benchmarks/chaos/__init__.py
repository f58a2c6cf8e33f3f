"""Storms of tickets against the whole product while parts of it are killed: `make chaos`."""
