"""Rules for answers that are no text: vectors, pictures, speech."""
