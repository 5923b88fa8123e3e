"""Measurement: the user's model and data → facts, leaving no trace."""
