"""Makes the figures and screenshots of the README."""
