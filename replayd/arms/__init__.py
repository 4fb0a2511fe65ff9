"""Arms: endpoints, concurrency limits, circuit breakers, outcomes."""
