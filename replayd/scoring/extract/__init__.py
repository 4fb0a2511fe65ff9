"""What is read in requests and answers."""
