"""Request and answer bodies inside of telemetry, one source each."""
