"""Parsing of prompts: flags, permutations, presets."""
