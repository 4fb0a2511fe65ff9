"""Commands on suites: files, runs and reports."""
