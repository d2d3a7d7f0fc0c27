"""Which device, which precision, which route, and the kernels."""
