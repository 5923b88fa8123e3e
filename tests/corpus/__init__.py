"""Real bugs that must be named and healthy set-ups that must stay silent; `python -m tests.corpus` scores them."""
