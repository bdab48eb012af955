"""Databases: SQLite and PostgreSQL behind one interface; the only SQL drivers."""
