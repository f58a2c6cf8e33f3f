"""How well it went: from how each ticket ended to the figures of a report. Pure.

`ending` is one ticket in a line of figures, kept for 400 days · `attainment` says what a ticket
counts as, and sums many up by week, severity, plan and so on.
"""
