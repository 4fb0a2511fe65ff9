"""The rules: one scorer each."""
