"""The version of the distribution, and of what its spans hold."""

VERSION = "0.1.0"
FORMAT = 1  # of the attributes; docs/format/capture.md
