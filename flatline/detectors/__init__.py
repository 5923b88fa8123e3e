"""Checks that judge a training run from its logs; one file each. A detector reads nothing later than its log."""
