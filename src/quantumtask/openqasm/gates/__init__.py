"""Gates: libraries, expansion, fractional powers, noise channels and native gates."""
