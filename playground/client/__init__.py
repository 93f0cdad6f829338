"""Discord's client: the API of the chat page, its checks of what people enter, and a person for tests."""
