"""Tests of the recipe: its parts on the dozen pictures kept in the project, and the whole of it in tiny."""
