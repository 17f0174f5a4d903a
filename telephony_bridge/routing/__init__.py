"""What becomes of a call at our own exchange: a pure core (events in, commands out), and what carries it out."""
