"""Analysis of circuits: validation, estimates and catalogs, in a child process of the worker."""
