"""Numbers, units, dates and their spellings."""
