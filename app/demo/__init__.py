"""The demo world: about a year of plausible trade that enters only through capture and the public commands."""
