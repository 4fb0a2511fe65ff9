"""JSON, tables, lists, options and code inside of answers."""
