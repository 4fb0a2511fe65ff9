"""Settings of the relay and of sampling."""
