"""What can happen to the service, done to it on purpose, and the books that are checked after."""
