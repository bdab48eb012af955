"""The HTTP server of the API and of the worker: uvicorn within limits."""
