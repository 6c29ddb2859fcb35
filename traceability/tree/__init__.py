"""The tree: RFC 6962 hashes, tiles, signed checkpoints and what a leaf is, over plain bytes (pure)."""
