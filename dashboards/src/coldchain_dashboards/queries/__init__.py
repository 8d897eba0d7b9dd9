"""What the boards ask of the mirror, one module for each subject."""
