"""Small models that look at pictures. Nothing here draws."""
