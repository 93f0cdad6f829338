"""Lessons: what each setting does, in two sentences, a rule of thumb and an example that ships with the project."""
