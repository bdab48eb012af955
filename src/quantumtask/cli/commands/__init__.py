"""Commands of the terminal, by verb."""
