"""Basis changes (依据变化): what an entry rests on has changed, so that its provider owes an update."""
