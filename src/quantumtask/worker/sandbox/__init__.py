"""The sandbox of the processes that read circuits: what runs there is taken for hostile."""
