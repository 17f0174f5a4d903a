"""URL configurations: one per area; HostMiddleware chooses by the host."""
