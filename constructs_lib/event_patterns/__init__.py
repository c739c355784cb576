"""What an event pattern may hold, and what of it goes wrong although EventBridge accepts it.

Neutral ground: the constructs check with it what is built, the tools what was built.
"""
