"""Results as a reader sees them: history, pairs, worksheets."""
