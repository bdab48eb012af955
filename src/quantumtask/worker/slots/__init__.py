"""Slots: warm child processes that run tasks under limits."""
