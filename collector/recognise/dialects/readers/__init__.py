"""Readers shared by dialects: one wire habit each."""
