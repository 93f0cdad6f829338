"""`noisefox models`: adds, downloads, checks and removes models."""
