"""Trade: what a delivery settles at, what a mass-balance account may give out, what may be certified."""
