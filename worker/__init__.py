"""Everything that is not HTTP-in. In reading order, the life of one ticket:

`tickets` the nouns · `policy` the behaviour an admin writes · `severity` and `targets` and
`escalation` the pure decisions · `store` the due set and the records in Redis · `queues` from the
due set to RQ · `jobs` the effects · `helpdesks` and `channels` the world outside · `wiring` where
real parts are put together. Nothing here knows Flask, and nothing happens on import.
"""
