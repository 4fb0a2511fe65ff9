"""Canaries that are wrong now and then, and twins that only reword, judged for real."""
