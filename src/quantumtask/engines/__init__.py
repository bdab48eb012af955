"""One file per simulator, each with `run(program, ...) -> Result`."""
