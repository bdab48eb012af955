"""Databases: SQLite and PostgreSQL behind one interface, with the only SQL drivers."""
