"""What organisations are told of."""
