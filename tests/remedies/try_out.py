"""What a remedy proposes for facts."""

from flatline.fix import Fix
from flatline.registry import Remedy


def fixes(remedy: Remedy, *facts: object) -> list[Fix]:
    """Fixes for these facts, at most one of a type; each can be made by a program and be pasted."""
    found = [candidate.fix for candidate in remedy.candidates({type(one): one for one in facts})]
    for fix in found:
        assert fix.edits, f"{fix.title}: nothing to try"
        assert fix.snippet, fix.title
        assert fix.title[0].islower() and not fix.title.endswith("."), fix.title
        assert all(len(line) <= 140 for line in fix.snippet.splitlines()), fix.snippet
    return found


def titles(remedy: Remedy, *facts: object) -> list[str]:
    return [fix.title for fix in fixes(remedy, *facts)]
