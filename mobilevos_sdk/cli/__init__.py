"""The commands of the SDK. Their modules import numpy, OpenCV, PyAV and the runtimes only inside functions."""
