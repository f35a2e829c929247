"""Gives the official proxies our engine; the only place that knows private names of the official package."""
