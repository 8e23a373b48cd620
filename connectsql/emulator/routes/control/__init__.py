"""The emulator's own resources, below ``/__emulator__/``: no org has them."""
