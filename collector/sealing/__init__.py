"""From kept calls to stored segments: journal, sealing, upload."""
