"""The fifteen departments of the district's alliance (org-17), with the names they also go by."""

DEPARTMENTS: list[tuple[str, list[str]]] = [
    ("教育局", []), ("宣传部", []), ("公安翔安分局", ["公安分局", "公安局"]), ("司法局", []),
    ("卫生健康局", ["卫健局"]), ("民政局", []), ("文化和旅游局", ["文旅局"]),
    ("科技和工信商务局", []), ("科协", []), ("住建和交通局", []),
    ("消防救援大队", ["消防救援局", "消防支队"]), ("市场监管局", []), ("妇联", []), ("团委", []),
    ("关工委", []),
]  # fmt: skip
