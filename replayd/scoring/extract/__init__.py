"""Extraction from requests and answers."""
