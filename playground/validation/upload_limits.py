"""How large uploads may be."""

FILE_LIMIT = 10 * 1024 * 1024
"""Bytes a file may have."""


REQUEST_LIMIT = 25 * 1024 * 1024
"""Bytes a request may have."""


FILES_LIMIT = 10
"""Files a message may have."""
