"""Prompts are parsed here: flags, permutations, presets."""
