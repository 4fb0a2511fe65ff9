"""How well token counts tell lost content; see `__main__.py`."""
