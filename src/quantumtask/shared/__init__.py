"""What the API and the Worker agree on: tasks, their lifecycle, errors, settings, the Store."""
