"""Noise of a task: error rates, noise models, and the methods that simulate them."""
