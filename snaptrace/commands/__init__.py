"""The commands behind `snaptrace`: one file per group, imported when called."""
