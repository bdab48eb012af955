"""Programs: instructions, execution and recorded operations."""
