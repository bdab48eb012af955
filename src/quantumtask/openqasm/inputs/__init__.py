"""Values of a program's inputs, and their binding into a sweep."""
