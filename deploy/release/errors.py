"""The one error of a dry run."""


class ReleaseError(Exception):
    """A part of the release is not fit to publish; the text says which and why."""
