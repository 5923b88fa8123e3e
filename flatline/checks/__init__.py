"""The checks of a set-up before training: one file each, found by walking this folder."""
