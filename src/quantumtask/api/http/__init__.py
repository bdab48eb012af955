"""HTTP below the routes: bodies, queries, errors, streams and the documentation page."""
