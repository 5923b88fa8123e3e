"""Programs that did not learn, buggy and fixed side by side, reconstructed for Keras 3."""
