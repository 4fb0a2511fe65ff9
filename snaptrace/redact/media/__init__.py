"""Redaction of images, sound and documents."""
