"""The app of the stack `Trips`."""

from aws_cdk import App
from trips_stack import TripsStack

app = App()
TripsStack(app, "Trips")
app.synth()
