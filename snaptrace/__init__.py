"""What both programs stand on, and the front door."""
