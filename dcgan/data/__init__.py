"""From a SPEC to an array of pictures, and to an endless stream of batches."""
