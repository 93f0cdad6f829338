"""What is remembered. SQLAlchemy stays in here; rows never leave, frozen records do."""
