"""Encoders and what is learned with them."""
