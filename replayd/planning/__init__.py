"""What a verdict will need in pairs, hours and money."""
