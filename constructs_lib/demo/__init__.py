"""What ``duet demo`` does: deploy the example app to the embedded AWS and drive it."""
