"""The record over HTTP: handlers that parse, call one function and answer."""
