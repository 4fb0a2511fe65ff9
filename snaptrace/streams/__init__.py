"""Answers of model APIs off the wire, streams put together. Never raises, on any bytes.

One file per API: what a finished stream adds up to is the body that the API would have
answered unstreamed. Both programs read answers with it.
"""
