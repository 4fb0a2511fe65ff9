"""The calls that drivers make, a file per client or framework.

Each has `cases(url)`: name of the case -> a function that makes one call. They run in
the environment of the recorded library: only the standard library and what the driver
installs are there. So that a library shows all that it may lose, cases hold every
parameter, every role, texts in one and in several parts, media, and what tools said.
"""
