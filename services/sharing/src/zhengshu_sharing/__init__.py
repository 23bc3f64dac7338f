"""Applications, opinions, grants and objections: who may read what, and until when."""
