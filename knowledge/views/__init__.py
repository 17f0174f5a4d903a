"""The pages of a municipality's knowledge. They all work without JavaScript."""
