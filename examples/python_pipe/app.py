"""The app of the stack `Parcels`."""

from aws_cdk import App
from parcels_stack import ParcelsStack

app = App()
ParcelsStack(app, "Parcels")
app.synth()
