"""One page a step of the road."""
