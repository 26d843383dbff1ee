"""What is watched: configuration, the hot pulse, the facts, the history of states and incidents, who listened, and what
is shown to others."""

from monitors.models.boards import Board, Widget
from monitors.models.configuration import AlertPolicy, Monitor, Token
from monitors.models.facts import Batch, Ping, Pulse, Run, StatusChange
from monitors.models.incidents import Incident, IncidentEvent
from monitors.models.listening import Deafness, Gap, GapNotice, IngestNode, SweepMark, Unheard, Watermark
from monitors.models.rhythms import HourlyCount, Rhythm, RollupMark
from monitors.models.sharing import Badge, Feed

__all__ = [
    "AlertPolicy",
    "Badge",
    "Batch",
    "Board",
    "Deafness",
    "Feed",
    "Gap",
    "GapNotice",
    "HourlyCount",
    "Incident",
    "IncidentEvent",
    "IngestNode",
    "Monitor",
    "Ping",
    "Pulse",
    "Rhythm",
    "RollupMark",
    "Run",
    "StatusChange",
    "SweepMark",
    "Token",
    "Unheard",
    "Watermark",
    "Widget",
]
