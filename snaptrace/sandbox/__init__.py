"""Processes without network and keys, for foreign code and for hostile media."""
