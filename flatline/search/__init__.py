"""Search: short trainings with and without each change, and the smallest set of changes that makes a network learn."""
