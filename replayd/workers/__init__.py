"""Workers: numbers of the dispatch plan answered and scored by other processes.

The leader plans, reserves, commits and folds; NATS JetStream carries a number to
whoever is free and brings its result back. The create-only commit stays the fence.
"""
