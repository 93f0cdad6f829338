"""The state of the simulated Discord: users, channels, messages, interactions, commands, attachments."""
