"""Claims tasks, runs each in a killable slot, records what came of it."""
