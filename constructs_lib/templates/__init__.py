"""CloudFormation templates as data: their intrinsic functions, and the workflows in them.

Neutral ground: it imports neither half, and nothing but the standard library.
"""
