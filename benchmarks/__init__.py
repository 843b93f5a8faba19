"""One script per claim of speed; the plain ways that they are compared with serve the tests as oracles."""
