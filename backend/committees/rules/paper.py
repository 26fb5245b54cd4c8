"""What a second pair of eyes may find in paper ballots."""

from backend.errors import Refusal


class PaperDiffers(Refusal):
    """The second person has counted something else than the first."""

    code = "paper_differs"
    zh = "您清点的结果与录入的不一致，请两人一起重新清点。"
    en = "You have counted something else than was entered; count them again together."
