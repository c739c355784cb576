"""The example app on the embedded AWS, deployed and driven: ``duet demo`` and ``duet compare``.

It imports insight, which counts and records what it does; insight does not know of it.
"""
