"""Compares a recorded input token count with the size of the rebuilt request."""
