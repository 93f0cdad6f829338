"""Lessons about settings: two sentences, a rule of thumb and an example picture for each."""
