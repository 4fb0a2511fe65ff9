"""The HTTP API of the gate, and the inspection page."""
