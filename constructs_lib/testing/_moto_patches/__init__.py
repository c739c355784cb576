"""Every change to moto 5.2.5 that running Duet's workflows needs, one gap a function.

Each is a context manager that changes moto on entry and restores it on exit, and each has a canary
in ``tests/moto`` that fails once moto has closed the gap itself. Nothing outside this package
touches moto's insides.
"""
