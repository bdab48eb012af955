"""Tests of the worker: slots, executors, Ray."""
