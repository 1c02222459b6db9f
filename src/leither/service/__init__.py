"""Use cases. They know ports and pure cores, never an adapter."""
