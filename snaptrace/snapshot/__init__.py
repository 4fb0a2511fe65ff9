"""The snapshot: data model, encoding and object names."""
