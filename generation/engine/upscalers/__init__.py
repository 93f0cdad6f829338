"""Enlarging finished pictures, tile by tile."""
