"""From a saved row to a finished one."""
