"""One adapter for each family of flow-matching models: all that such a family does in its own way."""
