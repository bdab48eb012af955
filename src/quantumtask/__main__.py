"""Entry point of `python -m quantumtask`."""

from quantumtask.cli.app import main

main()
