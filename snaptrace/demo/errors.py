"""Every error of the demo's models.

DemoError
├── UnreadableMediaError   the bytes are no image or sound: answer 400, go on
├── UnservedModalityError  the model for this part is not installed: answer 400
└── BusyError              too many calls wait for one model: answer 429, retry
"""


class DemoError(Exception):
    """Base of all errors below; the server turns each into an HTTP status."""


class UnreadableMediaError(DemoError):
    """An image or sound that could not be decoded, or is beyond the bounds."""


class UnservedModalityError(DemoError):
    """This server runs without the model that the request needs."""


class BusyError(DemoError):
    """The waiting line of one model is full; safe to retry."""
