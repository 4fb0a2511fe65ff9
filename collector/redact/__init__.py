"""Takes out what must not be stored: before the journal, before the store."""

from collector.redact.redactor import Redactor
from collector.sampling_config import RedactConfig, RedactRule

__all__ = ["RedactConfig", "RedactRule", "Redactor"]
