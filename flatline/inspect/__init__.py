"""What a network sees: outputs and filters of its layers, and which inputs its answers depend on; numbers as arrays."""

from flatline.inspect.class_maps import grad_cam
from flatline.inspect.layer_outputs import layer_outputs
from flatline.inspect.saliency import saliency

__all__ = ["grad_cam", "layer_outputs", "saliency"]
