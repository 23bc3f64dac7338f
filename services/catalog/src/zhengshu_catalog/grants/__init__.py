"""What catalog must know of grants: which live ones a changed class or a retirement would touch."""
