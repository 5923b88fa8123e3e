"""Set-ups that are right and train well: nothing may be reported on them at WARNING or above."""
