"""Values and types of the language, and the operators on them."""
