"""Writes docs/errors.md from the codes of refusal; run by `./dev docs`, and a test says whether the page is current."""

from __future__ import annotations

from pathlib import Path

from meshnet.errors import EXPLANATIONS, Code

PATH = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

_HEAD = """\
# Codes of refusal

<!-- Written by `./dev docs` from meshnet.errors. Change it there. -->

When a command is refused it exits with a status other than 0 and says why. With `--json` the reason is an object on
standard output, `{"error": {"code": CODE, "message": TEXT}}`; the code is one of these.
"""


def _section(code: Code) -> str:
    meaning, cure = EXPLANATIONS[code]
    return f"\n## `{code.value}`\n\n{meaning}\n\n**What to do:** {cure}\n"


def render() -> str:
    """The page."""
    return _HEAD + "".join(_section(code) for code in Code)


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8", newline="\n")
