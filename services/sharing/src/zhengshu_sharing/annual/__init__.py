"""Annual reports: how each department used shared data in a year that is over."""
