"""The OTLP wire: signals, messages, compression, encodings, export results."""
