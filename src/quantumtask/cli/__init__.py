"""The command line: `quantumtask up | api | worker | submit | result | cancel | list`."""
