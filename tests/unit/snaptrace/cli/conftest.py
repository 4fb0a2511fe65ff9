"""Fixtures of the commands' tests."""

from fakes.pinned_suite import pinned
from fakes.suite_files import suite

__all__ = ["pinned", "suite"]
