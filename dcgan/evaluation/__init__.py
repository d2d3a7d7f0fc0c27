"""How good a generator is: figures, verdict, report, in numbers, words and HTML."""
