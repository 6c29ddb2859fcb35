"""Forms: what is typed is kept, everything wrong is said at once, and an act is shown before it is done."""
