"""Metrics as scrapers read them, native histograms among them."""
