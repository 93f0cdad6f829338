"""Which work runs next, with which model, number format and batch size."""
