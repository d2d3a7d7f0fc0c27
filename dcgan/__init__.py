"""A Deep Convolutional GAN (Radford et al. 2016) that trains, resumes, samples and explains itself."""

import os

# Read by OpenMP when PyTorch is loaded: how long a thread spins at a barrier before it gives up its core. By its own
# choice that is for milliseconds in which another program could work, at each of a step's hundreds of barriers
# (benchmarks/README.md has the figures).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
