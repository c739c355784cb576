"""Duet: AWS CDK constructs for orchestrated, choreographed and hybrid serverless systems.

Two halves that never import each other:

* constructs: ``orchestration``, ``choreography``, ``hybrid``, ``observability`` (they synthesize);
* tools: ``local``, ``testing``, ``insight``, ``cli`` (they read a cloud assembly or call AWS APIs).

Between them ``contracts``, what both know of an event, which imports neither.

This file imports neither, so that importing one half never loads the other.
"""
