"""Analysis of circuits without running them, in a child process."""
