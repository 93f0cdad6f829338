"""Pictures: their settings, jobs, queue and engine. Imports neither Discord nor the database."""
