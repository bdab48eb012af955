"""The command line: commands that start a service, talk to a service or check a circuit."""
