"""Template tags that all floors use."""
