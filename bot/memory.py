"""How the C library keeps freed memory."""

import ctypes

LARGE = 2**20
"""Bytes from which a block is its own mapping, which goes back to the system as soon as it is freed."""

_M_MMAP_THRESHOLD = -3
"""glibc's number for it, in malloc.h. It grows to 32 MiB by itself, and then freed pictures stay with the process."""


def give_back_pictures() -> bool:
    """Have freed pictures go back to the system at once. False, and without effect, where the C library is not
    glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, LARGE))
