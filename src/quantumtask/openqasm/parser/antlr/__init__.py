"""The second parser: the specification's own, in Python, as the nodes that the rest knows."""
