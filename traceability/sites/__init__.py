"""Sites: what is registered of a facility and its owner, each a fact: permits, hours, meters, visits, marks."""
