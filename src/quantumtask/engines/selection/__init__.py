"""Selection of the engine: features of a circuit, cost model, methods."""
