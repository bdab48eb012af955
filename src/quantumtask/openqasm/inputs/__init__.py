"""Values of a program's input variables, and their binding to the elements of a sweep."""
