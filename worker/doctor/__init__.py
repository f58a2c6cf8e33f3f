"""`minutehand doctor`: is everything as it has to be, and if not, what to do about it."""
