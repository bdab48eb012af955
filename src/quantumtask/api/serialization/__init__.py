"""JSON texts of tasks and arrays, written without the framework."""
