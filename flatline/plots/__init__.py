"""Numbers in, matplotlib Axes out; nothing is computed or measured here."""
