"""Traits: properties of a call measured from its content, as `image.kind=chart`."""
