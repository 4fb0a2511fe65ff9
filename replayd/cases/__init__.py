"""Case intake, loading and scheduling."""
