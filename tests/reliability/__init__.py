"""Tests that end processes, break networks and replace versions while tasks run."""
