"""Bytes and seconds for people."""


def gigabytes(size: int) -> str:
    """A number of bytes, as "6.9 GB" or "40 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
