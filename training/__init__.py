"""Training of the severity model from corpus/: run by `make train`, never by the product."""
