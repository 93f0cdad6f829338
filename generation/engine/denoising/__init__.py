"""One picture on its way from noise to an image."""
