"""The plumbing every deployable stands on. Contains no word of the field it is used in."""
