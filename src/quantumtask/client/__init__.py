"""The Python client: submits circuits to a QuantumTask service and fetches what came of them."""

from quantumtask.client.client import DEFAULT_URL, Client, Json, ServiceError, Unreachable

__all__ = ["DEFAULT_URL", "Client", "Json", "ServiceError", "Unreachable"]
