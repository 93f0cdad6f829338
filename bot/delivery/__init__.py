"""Sending to Discord outside of interactions: message updates, direct messages, the audit log, clean-up."""
