"""Takes out what must not be stored: before the journal, before the store."""

from collector.config.sampling import RedactConfig, RedactRule
from collector.redact.redactor import Redactor

__all__ = ["RedactConfig", "RedactRule", "Redactor"]
