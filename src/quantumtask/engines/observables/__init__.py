"""Observables, and groups of observables that one basis measures."""
