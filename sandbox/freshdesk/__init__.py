"""Freshdesk as the sandbox speaks it: API, credits and limits, webhooks of automation rules."""
