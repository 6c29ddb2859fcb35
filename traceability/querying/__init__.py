"""Querying: the EPCIS 2.0 query language, from parameters to the events that answer them."""
