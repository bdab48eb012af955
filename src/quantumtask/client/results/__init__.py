"""Results of tasks: decoding, arrays, tables and notebook pictures."""
