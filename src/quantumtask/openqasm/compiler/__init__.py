"""The compiler: from the syntax tree to a program."""
