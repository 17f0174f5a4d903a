"""Template tags of the knowledge pages."""
