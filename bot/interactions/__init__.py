"""Discord's edge: interactions come in here, and are answered here."""
