"""What is measured of the studio, each with `python -m benchmarks.NAME` from the project's folder: README.md."""
