"""Durable record: plans, results and the leader's lease."""
