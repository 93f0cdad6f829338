"""What is asked for: from words, settings and presses to a saved request."""
