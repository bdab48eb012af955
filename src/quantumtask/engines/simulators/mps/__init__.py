"""Matrix product states: routing, evolution and sampling."""
