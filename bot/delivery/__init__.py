"""Everything sent to Discord later: messages and their updates, direct messages, the audit log, clean-up."""
