"""How exchanges report calls: one module per dialect, each turns a request's body into a `CtiMessage`."""
