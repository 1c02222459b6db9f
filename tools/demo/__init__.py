"""Three nodes on this machine, told and checked step by step: `make demo`."""
