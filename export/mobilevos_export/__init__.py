"""Export of a model and its memory loop to ONNX and TFLite."""
