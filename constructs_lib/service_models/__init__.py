"""What AWS's own service models say of calls, permissions and errors.

Neutral ground: the constructs check with it what is built, the tools what was built.
"""
