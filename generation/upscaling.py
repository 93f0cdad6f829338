"""Names and bounds of what can enlarge a finished picture."""

UPSCALER = "Lanczos"
"""A windowed-sinc resampler: it enlarges without inventing detail."""

FACTOR = 2
"""How much one upscale enlarges, each way."""

LARGEST_SIDE = 8192
"""Pixels. No picture is enlarged beyond it."""
