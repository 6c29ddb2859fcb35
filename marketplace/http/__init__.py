"""The market over HTTP: what clients send and are told, and one handler per act."""
