"""The metadata that other tools write into pictures. One module a tool; `reading` tries them all."""
