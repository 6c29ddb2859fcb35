"""The pages by user: each room holds handlers that parse, call one function and show."""
