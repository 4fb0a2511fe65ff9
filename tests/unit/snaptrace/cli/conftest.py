"""Fixtures of the commands' tests."""

from fakes.pinned_suite import pinned

__all__ = ["pinned"]
