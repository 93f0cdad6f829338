"""Commands of the `noisefox` program that do not talk to Discord."""
