"""Application service: what the routes do, in terms of the Store and the Worker."""
