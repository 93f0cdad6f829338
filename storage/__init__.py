"""The database and the picture files. Only this package imports SQLAlchemy; it returns frozen records, never rows."""
