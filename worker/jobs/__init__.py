"""The effects, one job each: thin shells that read the truth, ask a pure function, and act.

Every job may run twice. `carried` in `frame` holds its claim and turns errors into "again later"
or "set aside".
"""
