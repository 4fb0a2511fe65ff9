"""Languages, refusals, polarity and words."""
