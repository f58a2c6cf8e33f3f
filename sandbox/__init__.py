"""The sandbox: a local stand-in for Zendesk and Freshdesk, with a page to watch it from.

It speaks the parts of both REST APIs that Minutehand uses, sends signed webhooks, keeps rate
limits and produces faults on demand. It shares no code with `worker` or `webhooks`, so that it
is an independent check of what they believe about the vendors. All state is in memory.

Reading order: records (what exists), desk (what can happen to a ticket), zendesk/ and
freshdesk/ (how each vendor says it over HTTP), deliveries (webhooks out), control (for tests
and the page), stream (the demo's tickets), app (how it fits together).
"""
