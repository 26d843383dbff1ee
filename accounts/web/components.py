"""The finished values that the shared template components take (`templates/components/`)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_WORDS = {
    "fail": "Failed",
    "start": "Started",
    "late_evidence": "Late evidence",
    "collapsed": "In another message",
    "queued": "Waiting",
}


def marked(sentence: str) -> SafeString:
    """A sentence of the domain for a page: escaped, and what stands between backticks is set as code."""
    return mark_safe(re.sub(r"`([^`]*)`", r"<code>\1</code>", conditional_escape(sentence)))  # noqa: S308 - escaped


@dataclass(frozen=True, slots=True)
class State:
    """A state as a page shows it: `key` chooses shape and colour, `word` says it."""

    key: str
    word: str

    @classmethod
    def of(cls, key: str) -> "State":
        """The state of this key, with its usual word."""
        return cls(str(key), _WORDS.get(key, key.capitalize()))


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a filter can be set to."""

    key: str
    word: str
    is_chosen: bool


def choices(known: Iterable[tuple[str, str]], chosen: str) -> list[Choice]:
    """The choices of these keys and words, in their order."""
    return [Choice(key, word, key == chosen) for key, word in known]


@dataclass(frozen=True, slots=True)
class Ask:
    """A page that asks before something is done, and says what will be lost."""

    title: str
    lead: str
    losses: tuple[str, ...]
    button: str
    back: str = ""
    back_label: str = ""
    is_destructive: bool = True

    def about(self, name: str, url: str) -> "Ask":
        """The same question about the thing of this name and page: `{}` in the title becomes the name."""
        return replace(self, title=self.title.format(name), back=url, back_label=name)
