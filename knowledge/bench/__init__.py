"""The search measured with far more entries than the demonstration has (`rufverbund bench search`)."""
