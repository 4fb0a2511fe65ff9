"""Commands on drills."""
