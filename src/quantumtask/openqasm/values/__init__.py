"""Types and values of the language, and the operators on expressions."""
