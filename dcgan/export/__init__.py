"""What leaves the studio: other formats of a generator, the page that explores it, the model card."""
