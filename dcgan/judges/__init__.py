"""Who looks at pictures: classifiers, fixed filters, their training and weights."""
