"""Broken policies, each with the one fault that its admin is to read: where, what, what instead."""

from __future__ import annotations

import pytest

from worker.channels.registry import CHANNELS
from worker.errors import Misconfigured
from worker.policy import read_policy

TYPES = {name: channel.Options for name, channel in CHANNELS.items()}
DURATION = 'is not a duration; write it like "45m", "2h" or "90s"'
SEVERITIES = "must be 'P1', 'P2', 'P3' or 'P4'"
MOMENT = (
    'is not a step\'s moment; write "75%" of the target, "-10m" before the deadline or '
    '"+15m" after it'
)
WEBHOOK = '[channels.x]\ntype = "webhook"\nurl = "https://a.test/"\n'
MAIL = '[channels.x]\ntype = "email"\nhost = "a.test"\nto = ["a@b.test"]\n'
OFFICE = '[hours.office]\ntime_zone = "Europe/Berlin"\n'

BROKEN = [
    # keys and values
    ('defualt_plan = "pro"', "1: unknown key 'defualt_plan'; did you mean 'default_plan'?"),
    ('default_plan = "gold"', "1: there is no plan 'gold'; plans are: pro"),
    ("default_plan = 3", '1: default_plan: must be text in quotes, such as "pro"'),
    (
        'time_zone = "Mars/Base"',
        "1: time_zone: 'Mars/Base' is not a time zone; write it like \"Europe/Madrid\"",
    ),
    ('preset_priority = "up"', "1: preset_priority: must be 'raise', 'replace' or 'keep'"),
    ('bots = "Helper"', '1: bots: must be a list in brackets, such as ["oncall", "lead"]'),
    ('people = "mail"', "1: 'mail' is no channel of type email"),
    # plans
    (
        '[plans.pro]\nfirst_response = { P1 = "soon" }',
        f"2: plans.pro.first_response.P1: 'soon' {DURATION}",
    ),
    (
        "[plans.pro]\nfirst_response = { P1 = 45 }",
        f"2: plans.pro.first_response.P1: 45 {DURATION}",
    ),
    (
        '[plans.pro]\nfirst_response = { P1 = "0s" }',
        "2: plans.pro.first_response.P1: '0s' is no time at all; it has to be at least one second",
    ),
    (
        '[plans.pro]\nfirst_response = { P5 = "1h" }',
        f"2: plans.pro.first_response.P5: {SEVERITIES}",
    ),
    (
        '[plans.pro]\n\nfirst_response = { P1 = "4h", P2 = "2h" }',
        "3: a more severe ticket must not have more time than a less severe one",
    ),
    ('[plans.pro]\nfirst_response = "45m"', "2: plans.pro.first_response: must be a table"),
    ('[plans.pro]\nhours = "9-5"', "2: there are no hours '9-5'; known: 24/7"),
    (
        '[plans.pro]\nfrist_response = { P1 = "45m" }',
        "2: unknown key 'frist_response'; did you mean 'first_response'?",
    ),
    ('[tam]\nplans = ["prop"]', "2: there is no plan 'prop'; did you mean 'pro'?"),
    (
        '[tam.organizations]\nAcme = "ann"',
        "2: the TAM of 'Acme' must be an e-mail address such as ann@example.com",
    ),
    # hours
    (
        '[hours.office]\nmonday = ["09:00-17:00"]',
        "1: hours.office.time_zone is missing",
    ),
    (
        f'{OFFICE}monday = ["9-17"]',
        "3: hours.office.monday number 1: '9-17' are no hours; write them like \"09:00-17:30\"",
    ),
    (
        f'{OFFICE}monday = ["17:00-09:00"]',
        (
            "3: hours.office.monday number 1: '17:00-09:00' ends before it begins; hours past "
            'midnight are two: "22:00-24:00" and "00:00-06:00" of the next day'
        ),
    ),
    # steps
    ('\n[[steps]]\nat = "75"', f"3: steps number 1, at: '75' {MOMENT}"),
    ('[[steps]]\nat = "-10"', f"2: steps number 1, at: '-10' {MOMENT}"),
    ('[[steps]]\nnotify = ["lead"]', "1: steps number 1, at is missing"),
    (
        '[[steps]]\nat = "50%"\n[[steps]]\nat = "75%"\nnotify = "lead"',
        '5: steps number 2, notify: must be a list in brackets, such as ["oncall", "lead"]',
    ),
    (
        '[[steps]]\nat = "75%"\nnotify = ["onccall"]',
        "3: there is no channel 'onccall'; did you mean 'oncall'?",
    ),
    (
        '[[steps]]\nat = "75%"\nnotfy = ["oncall"]',
        "3: unknown key 'notfy'; did you mean 'notify'?",
    ),
    (
        '[[steps]]\nat = "75%"\nseverities = ["P1", "P0"]',
        f"3: steps number 1, severities number 2: {SEVERITIES}",
    ),
    ('[[steps]]\nat = "75%"\nplans = ["gold"]', "3: there is no plan 'gold'; known: pro"),
    (
        '[[steps]]\nat = "75%"\ndigest = "yes"\nstate = "late"',
        "4: steps number 1, state: must be 'on_track', 'near', 'breached' or 'met'",
    ),
    (
        '[[steps]]\nat = "75%"\ngroup = "support"',
        "3: steps number 1, group: must be the helpdesk's number of it, such as 360001",
    ),
    (
        '[steps]\nat = "75%"',
        "1: steps: has two brackets, [[steps]], because there may be several",
    ),
    # channels
    (
        '[channels.x]\ntype = "slak"',
        "2: channel type 'slak' is not known; did you mean 'slack'?",
    ),
    (
        "[channels.x]\nurl = 1",
        (
            "1: channel x needs a type, one of: apprise, console, email, pagerduty, slack, teams, "
            "webhook"
        ),
    ),
    ('[channels.x]\ntype = "webhook"', "1: channels.x.url is missing"),
    (
        '[channels.x]\ntype = "webhook"\nurl = "${NOPE}"',
        "3: ${NOPE} is not set; put NOPE=... into .env or the environment",
    ),
    (f'{WEBHOOK}sceret = "x"', "4: unknown key 'sceret'; did you mean 'secret'?"),
    (
        '[channels.x]\ntype = "webhook"\nurl = "ftp://a.test/"',
        "3: channels.x.url: must be an https address (http only to this machine or network)",
    ),
    (f'{WEBHOOK}hours = "office"', "4: there are no hours 'office'; there are none yet"),
    (f'{WEBHOOK}otherwise = "y"', "4: there is no channel 'y'; known: x"),
    (f'{WEBHOOK}otherwise = "x"', "4: these channels name each other in a circle"),
    ("[channels]\nx = 1", "2: channel x needs a type, one of: apprise, console, email, "),
    ('[[channels]]\ntype = "console"', "1: channels must be tables such as [channels.oncall]"),
    (
        f'{MAIL}sender = "nobody"',
        "5: channels.x.sender: must be plain e-mail addresses such as lead@example.com",
    ),
    (
        f'{MAIL}sender = "a@b.test"\nport = 99999',
        "6: channels.x.port: must be a port, 1 to 65535",
    ),
    # the rest
    (
        '[acknowledge]\nassign = "maybe"',
        "2: acknowledge.assign: must be true or false, without quotes",
    ),
    ("[digest]\nmost = 0", "2: digest.most: must be at least 1"),
    ("[budget]\nshare = 2.0", "2: budget.share: must be at most 1"),
    ('[review]\nnotify = ["tirage"]', "2: there is no channel 'tirage'; did you mean 'triage'?"),
    ('[ignore]\nbrand = ["1"]', "2: unknown key 'brand'; did you mean 'brands'?"),
    ("[poll]\nevery = 60", f"2: poll.every: 60 {DURATION}"),
    (
        '[[rubric]]\nseverity = "P1"\nhit = ["down"]',
        "1: no rule decides hit = data_lost, ",
    ),
    ('[[rubric]]\nseverity = "P9"', f"2: rubric number 1, severity: {SEVERITIES}"),
    ('[[tests]]\nsubject = "x"', "1: tests number 1, severity is missing"),
    # no TOML at all
    ("# a comment\n[plans\n", "2: Expected ']' at the end of a table declaration"),
    ("a = 1\na = 2\nb = 3", "2: a key is there twice"),
    ("time_zone = Europe/Berlin", "1: no value that TOML knows; text goes in quotes"),
    (
        '[plans.pro]\nhours = "24/7"\n[plans.pro]\n',
        "3: the table [plans.pro] is there twice; join the two",
    ),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN, ids=[text for text, _ in BROKEN])
def test_a_broken_policy_is_refused_with_its_line_and_what_to_write(
    text: str, expected: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_policy(text, name="policy.toml", environment={}, channel_types=TYPES)

    told = [fault.removeprefix("policy.toml:") for fault in caught.value.faults]
    assert [fault for fault in told if fault.startswith(expected)], told
    assert not [fault for fault in told if "Input should" in fault or "tuple" in fault]
