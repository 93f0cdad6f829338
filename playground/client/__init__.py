"""A person on the chat page: what they press, fill in and see."""
