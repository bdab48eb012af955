"""The fast path: straight-line programs, compiled without a syntax tree."""
