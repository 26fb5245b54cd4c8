"""Ways out of the house; each provider has one module and passes one contract suite."""
