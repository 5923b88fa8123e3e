"""What a network sees: outputs and filters of its layers, and which inputs its answers depend on; numbers as arrays."""

from flatline.inspect.class_maps import grad_cam
from flatline.inspect.filters import filters
from flatline.inspect.integrated import integrated_gradients
from flatline.inspect.layer_outputs import layer_outputs
from flatline.inspect.maps import normalized, overlay, reduce_channels
from flatline.inspect.maximization import activation_maximization
from flatline.inspect.occluding import occlusion
from flatline.inspect.saliency import guided_backprop, saliency
from flatline.inspect.score_cam import score_cam
from flatline.inspect.smooth import smoothgrad
from flatline.inspect.visual import visual_backprop

__all__ = [
    "activation_maximization",
    "filters",
    "grad_cam",
    "guided_backprop",
    "integrated_gradients",
    "layer_outputs",
    "normalized",
    "occlusion",
    "overlay",
    "reduce_channels",
    "saliency",
    "score_cam",
    "smoothgrad",
    "visual_backprop",
]
