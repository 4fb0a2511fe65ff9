"""The durable record: plans, results and the leader's lease."""
