"""The models, the traffic and the prepared material of `snaptrace demo`.

Importing this package loads no model and no SDK. What runs the pieces and shows the
verdicts is `snaptrace.cli.demo`.
"""
