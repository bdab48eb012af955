"""The API without HTTP: tasks, batches, and the connection to the worker."""
