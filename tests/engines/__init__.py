"""Tests of the engines, and the references that the engines must agree with."""
