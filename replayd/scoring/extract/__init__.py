"""Extraction of facts from answers: numbers, dates, labels, languages."""
