"""Draws the README's pictures and screenshots."""
