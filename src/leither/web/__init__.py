"""The HTTP front door: dispatcher, gateway, the node's own page, and the API below `/api`."""
