"""Commands of `noisefox` that do not connect to Discord."""
