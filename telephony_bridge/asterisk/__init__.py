"""A real Asterisk on this machine, as an ordinary user and on loopback alone: for tests, for the demonstration, and to try a configuration."""
