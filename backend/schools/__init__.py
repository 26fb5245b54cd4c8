"""Schools: where everyone belongs.

A *district* (区) decides, a *zone* (教联体实验区) coordinates, a *school* executes
(org-1, org-2). A *town* (镇街) stands beside the zones. A school has *grades* and
*classes*; the district stores its *school years*, *terms* and special *calendar days*
as data (Q40) and its member *departments* (org-17). A *feature switch* says which of
the platform's functions a school runs in its pilot (org-19).
"""
