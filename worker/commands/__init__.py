"""The `minutehand` command: what each word does."""
