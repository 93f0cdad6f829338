"""Who may ask for what: server rules, effective rules, budgets, blocked words, hints."""
