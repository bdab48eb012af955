"""Matrix product states."""
