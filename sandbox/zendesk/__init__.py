"""Zendesk Support as the sandbox speaks it: API, OAuth, rate limits, ticket-event webhooks."""
