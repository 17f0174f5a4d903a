"""Citizens who call: plausible calls through the real webhook, for the demo and for trying things out."""
