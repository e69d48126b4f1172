"""What the figures in README and docs come from; each runs with one command."""
