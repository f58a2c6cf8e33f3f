"""What would have happened: yesterday's tickets through today's policy. Nothing is sent or written.

`reading` a file's rows, whatever its format (`readers/`) · `replaying` one ticket of the past
through the real decision, and by `walking` through its timers' steps, into `fates`; pure ·
`summing` many of them into `counts` and `shares`, in bounded memory · `report` the figures in
words, `table` for a terminal, `page` for a browser with `charts`.
"""
