"""Recalls: lots that are called back, with everything made of them, until the recall is over."""
