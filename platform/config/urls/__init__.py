"""URL configurations: one per area; HostMiddleware chooses by the host."""

handlers = tuple(f"config.views.{name}" for name in ("bad_request", "forbidden", "not_found", "server_error"))
