"""The web edge: webhooks in, pages out. The only folder of the product that knows Flask."""
