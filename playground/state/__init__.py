"""The stand-in's memory: channels, members, messages, commands, files."""
