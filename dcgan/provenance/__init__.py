"""What a picture carries so that it can be drawn again, and drawing it again."""
