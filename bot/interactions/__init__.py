"""Discord's edge: what an interaction is turned into, and how it is answered."""
