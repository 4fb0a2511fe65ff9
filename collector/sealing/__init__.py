"""Journal, sealing and upload: from kept calls to stored segments."""
