"""One canary's evaluation: epochs, dispatch, pairs, commits."""
