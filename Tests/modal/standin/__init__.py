"""A stand-in of Modal's control plane: what the SDK needs to deploy, look up, audit and sync, kept in one folder.

It speaks the SDK's own messages on loopback and is made for tests and for trying things without an account. It knows
nothing of Modal but what the SDK shows, so a passing test says "the SDK is used rightly", not "Modal agrees".
"""
