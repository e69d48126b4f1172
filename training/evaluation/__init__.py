"""How good a generator's digits are, measured beside real ones."""
