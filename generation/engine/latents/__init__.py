"""Latents and pixels: noise, the VAE, previews, PNG files."""
