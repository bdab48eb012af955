"""Code that the API and the worker share: tasks, errors, settings and the Store."""
