"""Tests of the repository: documentation, packages, images, manifests."""
