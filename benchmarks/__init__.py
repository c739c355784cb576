"""How fast the embedded AWS is, beside plain MiniStack and moto server; see README.md."""
