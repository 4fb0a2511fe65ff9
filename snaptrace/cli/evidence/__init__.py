"""Commands that read what was judged: worst pairs, results, epochs, reports."""
