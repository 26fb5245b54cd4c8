"""Certificates: words printed for one person, and a number anybody can check them by.

A certificate is a *snapshot*: the words, figures and rule it carries are those of the day it
was *issued*, and nothing changes them later; it can only be *revoked*. Other rooms decide
what somebody has earned and compose the words; this room numbers, draws and verifies.
"""
