"""Check a published vote with nothing but Python: ``python3 check.py result.json [KEY]``.

Written from VERIFYING.md alone, and not from the house's own code, so that two who agree
have not made the same mistake. It does not replay the rounds of a ranked vote.
"""

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path

# Ed25519 as in RFC 8032, section 5.1.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = f - e, h - g, h + g, e + f
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def x_of(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def is_signed(key, signature, message):
    s = int.from_bytes(signature[32:], "little")
    a, r = point(key), point(signature[:32])
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base_y = 4 * pow(5, P - 2, P) % P
    base_x = x_of(base_y, 0)
    left, right = times(s, (base_x, base_y, 1, base_x * base_y % P)), add(r, times(h, a))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


def reaches(share, count, whole):
    if whole <= 0:
        return False
    part, wanted = Fraction(count, whole), Fraction(share["of"], share["out_of"])
    return part >= wanted if share["at_least"] else part > wanted


def check(told, key=None):
    """Yield (what was checked, whether it is right)."""
    rest = {name: part for name, part in told.items() if name != "signature"}
    signature, message = told["signature"], b"tongxing vote result 1\n" + canonical(rest)
    public, value = bytes.fromhex(signature["key"]), bytes.fromhex(signature["value"])
    yield "signature", len(value) == 64 and is_signed(public, value, message)
    if key is not None:
        yield "key", key.lower() == signature["key"]
    question = canonical({**told["question"], "rules": told["rules"]})
    yield "question digest", digest(question) == told["question_digest"]
    units, result = told["electorate"]["units"], told["result"]
    lines = [told["vote"], *sorted(f"{unit['id']}:{unit['commitment']}" for unit in units)]
    yield "electorate digest", digest("\n".join(lines).encode()) == told["electorate"]["digest"]
    yield "units", len({unit["id"] for unit in units}) == told["electorate"]["entitled"]
    yield "turnout", sum(unit["took_part"] for unit in units) == result["cast"]
    quorum = result["cast"] > 0 and reaches(told["rules"]["quorum"], result["cast"], len(units))
    yield "quorum", quorum == result["has_quorum"]
    tally = told["tally"]
    if tally is None:
        return
    paper = told["paper"] or {"ballots": 0}
    shown = told["ballots"]
    listed = shown["names"] or shown["choices"] or shown["receipts"] or []
    yield "ballots", len(listed) + shown["unreadable"] + paper["ballots"] == tally["cast"]
    if shown["receipts"] is None:
        yield "votes", counted(told, paper) == (tally["votes"], tally["abstained"])
    yield "numbers", tally["valid"] + tally["invalid"] == tally["cast"] == result["cast"]
    if told["question"]["method"] == "motion":
        yield "outcome", motion(told, tally, quorum) == tally["outcome"]


def counted(told, paper):
    """Count the ballots that are shown: votes by option, and abstentions."""
    shown = told["ballots"]
    said = [one["choice"] for one in shown["names"] or []] + (shown["choices"] or [])
    given = [(choice, 1) for choice in said]
    given += [(line["choice"], line["count"]) for line in paper.get("choices") or []]
    votes, abstained = {option["key"]: 0 for option in told["question"]["options"]}, 0
    for choice, number in given:
        if choice == ["abstain"]:
            abstained += number
            continue
        for option in choice[:1] if told["question"]["method"] == "ranked" else choice:
            votes[option] += number
    return votes, abstained


def motion(told, tally, quorum):
    """Say what becomes of a motion."""
    if not quorum:
        return "no_quorum"
    ayes, noes, rules = tally["votes"]["for"], tally["votes"]["against"], told["rules"]
    whole = {
        "decided": ayes + noes,
        "cast": tally["valid"],
        "entitled": told["electorate"]["entitled"],
    }[rules["base"]]
    majority = rules["majority"]
    if ayes > noes if majority is None else ayes > 0 and reaches(majority, ayes, whole):
        return "passed"
    is_simple = majority is None or (
        2 * majority["of"] == majority["out_of"]
        and not majority["at_least"]
        and rules["base"] == "decided"
    )
    return "tied" if is_simple and ayes == noes > 0 else "failed"


def main(path, key=None):
    findings = list(check(json.loads(Path(path).read_text("utf-8")), key))
    for what, is_right in findings:
        sys.stdout.write(f"{'ok ' if is_right else 'NO '} {what}\n")
    return 0 if all(is_right for _, is_right in findings) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
