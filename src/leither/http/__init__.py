"""What the front doors over HTTP share: one request, its bounds, and the ways to answer it."""
