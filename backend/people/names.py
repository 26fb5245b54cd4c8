"""How a person is called before others who need not know more of them."""

_COMPOUND = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "司徒", "令狐"}
    | {"夏侯", "长孙", "宇文", "端木", "百里", "南宫", "独孤", "轩辕", "钟离", "东郭", "申屠"}
)


def surname(name: str) -> str:
    """Return the surname of a Chinese name: one character, or a known compound of two."""
    return name[:2] if name[:2] in _COMPOUND and len(name) > 2 else name[:1]
