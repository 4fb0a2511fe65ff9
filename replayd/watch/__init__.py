"""Watch on the production model: its answers today against its earlier ones."""
