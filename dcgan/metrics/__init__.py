"""The judges of quality: each compares a generator's pictures with real ones and says what it can't see."""
