"""The version, where services find it without the client beside it."""

__version__ = "0.1.0"
