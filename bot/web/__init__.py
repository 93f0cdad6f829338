"""The page on which people paint over a picture: links to it, what it shows, and what becomes of what it sends."""
