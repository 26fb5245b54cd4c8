"""Pictures and papers the house draws itself: certificates, covers, QR codes.

A *sheet* is paper under the pen: it knows lines, wrapped text, a frame, a seal and a QR
code, measured in points of its own size. Everything drawn here is our own data; what
people hand in is decoded elsewhere, in a killable child.
"""
