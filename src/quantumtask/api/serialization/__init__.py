"""JSON text of tasks and arrays, written without the framework."""
