"""Records: what a run has shown, in memory and on disk, where it survives a crash and stays small."""
