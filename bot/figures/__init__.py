"""Teaching figures for the chat."""
