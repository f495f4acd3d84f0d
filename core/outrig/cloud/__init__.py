"""What providers of clouds build on: the same life of machines, whoever rents them out."""
