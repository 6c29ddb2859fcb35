"""Cases: what those who scan a label report of it, and what its issuer or an authority finds."""
