"""Recognition: from OTLP records to model calls."""
