"""Movements: one shipment as its two sides state it, what they agree to change, and when that ends."""
