"""The parser in Python: the specification's ANTLR grammar, with the nodes of qdk."""
