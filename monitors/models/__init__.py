"""What is watched: configuration, the hot pulse, the facts, the history of states and incidents, and who listened."""

from monitors.models.configuration import AlertPolicy, Monitor, Token
from monitors.models.facts import Batch, Ping, Pulse, Run, StatusChange
from monitors.models.incidents import Incident, IncidentEvent
from monitors.models.listening import Deafness, Gap, GapNotice, IngestNode, SweepMark, Unheard, Watermark

__all__ = [
    "AlertPolicy",
    "Batch",
    "Deafness",
    "Gap",
    "GapNotice",
    "Incident",
    "IncidentEvent",
    "IngestNode",
    "Monitor",
    "Ping",
    "Pulse",
    "Run",
    "StatusChange",
    "SweepMark",
    "Token",
    "Unheard",
    "Watermark",
]
