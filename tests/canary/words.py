"""Words that stand for personal data, each of its own kind, and a way to find them again."""

CANARIES = {
    "child": "金丝雀童",
    "guardian": "金丝雀监护",
    "phone": "19987650001",
    "title": "金丝雀题目",
    "text": "金丝雀正文",
    "reason": "金丝雀缘由",
    "claimed": "金丝雀申请",
    "pupil": "金丝雀花名",
    "roster_phone": "19987650002",
    "filename": "金丝雀档案",
    "activity": "金丝雀活动",
    "answer": "金丝雀回答",
    "note": "金丝雀替班",
    "opinion": "金丝雀评语",
    "profile": "金丝雀自述",
    "remark": "金丝雀值班",
    "finding": "金丝雀隐患",
    "step": "金丝雀整改",
    "holder": "金丝雀民警",
    "essay": "金丝雀投稿",
    "wish": "金丝雀心愿",
    "motion": "金丝雀议案",
    "doubt": "金丝雀异议",
    "decision": "金丝雀决定",
    "minuted": "金丝雀纪要",
    "judged": "金丝雀评议",
    "password": "jinSiQue-88-Mima",
}


def found_in(text: str) -> set[str]:
    """Return the names of the canaries that stand in ``text``, escaped or plain."""
    return {
        name
        for name, canary in CANARIES.items()
        if canary in text or canary.encode("unicode_escape").decode() in text
    }
