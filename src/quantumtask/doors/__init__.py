"""Doors: other clouds' protocols. Each translates to and from the API's own tasks and batches."""
