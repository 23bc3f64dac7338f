"""Finding entries by what people type: how texts become terms, and how hits are ranked and counted."""
