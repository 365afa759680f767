"""Spoken times, English and Spanish: the whole phrase is understood, or one question is asked.

docs/spoken-times.md is the reference. No date library is used: every one measured gives wrong days with
confidence (docs/spoken-times.md tells which phrases).
"""

from frontdesk.times.answers import Days, Moment, OpeningHours, Question
from frontdesk.times.moments import parse_moment
from frontdesk.times.ranges import parse_days
from frontdesk.times.say import local_today, say_day, say_moment, say_time

__all__ = [
    "Days",
    "Moment",
    "OpeningHours",
    "Question",
    "local_today",
    "parse_days",
    "parse_moment",
    "say_day",
    "say_moment",
    "say_time",
]
