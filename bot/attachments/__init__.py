"""Pictures as files: encoding, size limits and metadata."""
