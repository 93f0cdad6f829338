"""The device: memory, measurements, downloads, progress."""
