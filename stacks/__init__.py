"""The example app's stacks: they wire constructs together and make no resource of their own."""
