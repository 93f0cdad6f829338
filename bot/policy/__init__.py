"""Rules about requests: server rules, effective rules, budgets, blocked words, hints."""
