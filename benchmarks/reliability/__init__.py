"""The evidence for docs/guarantees.md at full size."""
