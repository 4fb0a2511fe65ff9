"""Results for readers: history, pairs, worksheets."""
