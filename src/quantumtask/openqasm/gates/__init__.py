"""Gates: the standard libraries, expansion, powers and channels."""
