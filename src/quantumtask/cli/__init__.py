"""The command line: `quantumtask up | api | worker`, and what talks to a service or validates."""
