"""Latent space: z from seeds, walks, moves, axes, projection, and what is drawn from it."""
