"""Tests of the Store on SQLite and PostgreSQL."""
