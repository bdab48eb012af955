"""The door of qBraid's API, version 1: https://docs.qbraid.com/v2/api-reference."""
