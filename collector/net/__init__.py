"""HTTP/1.1, HTTP/2, TLS and listeners. Knows nothing of OTLP."""
