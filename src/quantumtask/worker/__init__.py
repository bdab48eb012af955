"""The worker: claims tasks, runs them in slots, records their outcomes."""
