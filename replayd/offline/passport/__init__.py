"""Passport: a verdict as a signed statement that anybody with the store can verify."""
