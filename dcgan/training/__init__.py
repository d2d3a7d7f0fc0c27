"""The training itself: loop, networks and optimisers, microbatches, several processes, the worker."""
