"""Changes worth trying when no check explains a flat loss: one file a remedy."""
