"""What both programs stand on, and the front door."""

# Also the distribution's version; reading its metadata would load a mail parser.
VERSION = "0.1.0"
