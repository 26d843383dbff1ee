"""An alert as a letter: plain text, and the same as HTML: nothing to load, light or dark as the reader's screen is."""

from html import escape

from alerts.domain import words
from alerts.domain.message import Telling, Tone

SUBJECT, TEXT, ROWS, ROOM = 200, 2000, 200, 60_000

_INK = {Tone.ALARM: "#b3261e", Tone.RECOVERY: "#1f7a3d", Tone.PLAIN: "#8b2252"}
_DARK_INK = {Tone.ALARM: "#ff8a80", Tone.RECOVERY: "#7bd99a", Tone.PLAIN: "#e58ab2"}
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

# Programs that do not know the media query keep what the elements say themselves: the light form.
_STYLE = """
:root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
@media (prefers-color-scheme: dark) {{
  .page {{ background: #161316 !important; color: #ece7ea !important; }}
  .card {{ background: #211c20 !important; border-color: {dark_ink} #3a3238 #3a3238 !important; }}
  .soft {{ color: #b5aab1 !important; }}
  .line {{ border-color: #3a3238 !important; }}
  .tone {{ color: {dark_ink} !important; }}
}}
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>{headline}</title><style>{style}</style></head>
<body class="page" style="margin:0;padding:0;background:#f6f3f5;color:#221c20;{font}">
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" \
style="background:#f6f3f5;color:#221c20"><tr><td align="center" style="padding:24px 12px">
<table class="card" role="presentation" width="100%" cellpadding="0" cellspacing="0" \
style="max-width:600px;background:#ffffff;border:1px solid #e4dce1;border-top:4px solid {ink};border-radius:8px">
<tr><td style="padding:24px 24px 8px"><h1 class="tone" style="margin:0 0 12px;font-size:20px;line-height:28px;\
font-weight:600;color:{ink};word-break:break-word">{headline}</h1>
<p style="margin:0;font-size:15px;line-height:22px;word-break:break-word">{summary}</p></td></tr>
<tr><td style="padding:8px 24px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0">{rows}\
</table></td></tr>
<tr><td style="padding:16px 24px 28px"><a href="{url}" style="display:inline-block;background:#8b2252;color:#ffffff;\
font-size:15px;line-height:20px;font-weight:600;text-decoration:none;padding:10px 18px;\
border-radius:6px">Open in Heartbeet</a>
</td></tr></table>
<p class="soft" style="max-width:600px;margin:16px auto 0;font-size:13px;line-height:18px;color:#6d6169">\
You get this because your address is an alert channel in Heartbeet.</p>
</td></tr></table></body></html>
"""

_ROW = """<tr><td class="soft line" valign="top" width="34%" style="padding:8px 16px 8px 0;\
border-top:1px solid #eee7eb;font-size:14px;line-height:20px;color:#6d6169;word-break:break-word">{name}</td>\
<td class="line" valign="top" style="padding:8px 0;border-top:1px solid #eee7eb;font-size:14px;line-height:20px;\
word-break:break-word">{fact}</td></tr>"""


def as_text(message: Telling) -> str:
    """The plain text."""
    facts = "\n".join(f"{name}: {fact}" for name, fact in _facts(message))
    return "\n\n".join([part for part in (words.fit(message.summary, TEXT), facts, message.url) if part]) + "\n"


def as_html(message: Telling) -> str:
    """The same as HTML: no image, nothing to load, and nothing of a name is markup."""
    return _PAGE.format(
        style=_STYLE.format(dark_ink=_DARK_INK[message.tone]),
        font=_FONT,
        ink=_INK[message.tone],
        headline=escape(words.fit(message.headline, SUBJECT)),
        summary=escape(words.fit(message.summary, TEXT)),
        rows="".join(_ROW.format(name=escape(name), fact=escape(fact)) for name, fact in _facts(message)),
        url=escape(message.url),
    )


def _facts(message: Telling) -> list[tuple[str, str]]:
    facts = [(words.fit(name, SUBJECT), words.fit(fact, TEXT)) for name, fact in message.facts]
    return words.as_many(facts, most=ROWS, budget=ROOM)
