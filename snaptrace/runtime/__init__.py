"""What a long-running program needs. A file beyond these four needs an ADR."""
