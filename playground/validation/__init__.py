"""The rules by which Discord refuses a request."""
