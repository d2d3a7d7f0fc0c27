"""What comes in: generators that other programs trained."""
