"""AOT, AOTv2, AOST and DeAOT: all objects of a frame in one embedding, followed by transformers with a memory.

`config.py` lists the variants. `model.py` has the network and its three functions `start`, `segment` and `memorize`;
the blocks between its encoder and its decoder are `lstt.py` (AOT), `lstt_v2.py` (AOTv2, AOST) and those of DeAOT.
"""
