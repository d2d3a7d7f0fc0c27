"""The training itself: loop, session and recorder, GAN and losses, microbatches, several processes, the worker."""
