"""The networks of a Config: layers, sizes, rules, and the file of a generator."""
