"""``python -m tests.ballots.adversary``: holds elections, lets every linker try, tells."""

import argparse
import secrets
import sys

from tests.ballots.adversary import run


def main() -> int:
    """Return 1 when a linker does better than chance."""
    parser = argparse.ArgumentParser(prog="python -m tests.ballots.adversary")
    parser.add_argument("--elections", type=int, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    with run.held(elections=options.elections, seed=options.seed) as trial:
        sys.stdout.write(trial.told() + "\n")
        return 1 if trial.best().z > trial.bound() else 0


if __name__ == "__main__":
    sys.exit(main())
