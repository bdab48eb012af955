"""Long polls, event streams and large results: one thread reads for all clients."""
