"""Evidence: a fold over results, and what is counted beside it."""
