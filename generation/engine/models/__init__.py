"""Models, read from folders, single files and the hub."""
