"""The same image, or slices of one subject, where they make results too good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .inspection import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .inspection import SampleReport

    Reports = Sequence[SampleReport]

_SLICE = re.compile(r"[_\-. ](z|s|sl|slice|sec|section)[_\-]?\d+$", re.IGNORECASE)
"""How the name of a slice of a volume ends, as in `ct07_z012`."""


def leaks(reports: Reports) -> Iterator[Problem]:
    """Yield a warning for every image that is there more than once."""
    groups: dict[str, list[SampleReport]] = {}
    for report in reports:
        if report.key:
            groups.setdefault(report.key, []).append(report)
    for group in groups.values():
        if len(group) < 2:
            continue
        names = " and ".join(f"{r.domain} {r.name}" for r in group)
        if len({report.domain for report in group}) == 2:
            yield Problem(
                "warning",
                "leak",
                f"{names} are the same image: results on it prove nothing; remove it "
                "from one domain.",
            )
        elif len({report.split for report in group}) == 2:
            yield Problem(
                "warning",
                "split_leak",
                f"{names} are the same image in train and test: test scores will be "
                "too good; remove one.",
            )
        else:
            yield Problem(
                "warning",
                "duplicate",
                f"{names} are the same image: remove one, or it counts twice.",
            )


def split_subjects(reports: Reports) -> Iterator[Problem]:
    """Yield a warning if slices of one volume, by their names, are in both splits."""
    splits: dict[tuple[str, str], set[str]] = {}
    for report in reports:
        subject = _SLICE.sub("", report.name)
        if subject != report.name:
            splits.setdefault((report.domain, subject), set()).add(report.split)
    torn = [name for name, found in splits.items() if len(found) == 2]
    if torn:
        domain, subject = torn[0]
        more = f" and of {len(torn) - 1} more" if len(torn) > 1 else ""
        yield Problem(
            "warning",
            "split_subject",
            f"slices of {domain} {subject}{more} are in train and in test: test scores "
            "will be too good; keep all slices of a subject in one split.",
        )
