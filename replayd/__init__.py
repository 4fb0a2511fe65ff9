"""The judge: replay, score, test, report."""
