"""SST, sparse spatiotemporal transformers (Duke et al., CVPR 2021): attention over a short buffer of frames.

`config.py` lists the variants, `attention.py` has the sparse operators, `model.py` the network.
"""
