"""Clock, configuration, lifecycle and process telemetry of a long-running program."""
