"""Tests of the Worker: slots, executors, Ray."""
