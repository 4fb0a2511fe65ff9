"""What is installed around the programs, and the code that writes it."""
