from quantumtask.cli.app import main

main()
