"""OTLP wire format: signals, messages, compression, encodings, export results."""
