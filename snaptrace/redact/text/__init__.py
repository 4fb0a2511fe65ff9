"""Redaction of text: detectors, check digits, pseudonyms."""
