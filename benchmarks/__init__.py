"""Measurements that run by hand; each prints its table and the command that makes it again."""
