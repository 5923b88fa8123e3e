"""Where two runs part: in the set-up, in the losses, in the layers."""
