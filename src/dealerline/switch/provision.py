"""SIP accounts, pushed into Asterisk's memory through ARI: browsers, desk phones and carriers follow the back office.

The rules of the file:

- ``desired`` says what there should be, ``changes`` what differs from what was pushed, ``Provisioner.apply`` makes it
  so. What has not changed is not pushed again, so that nobody's registration is disturbed.
- Asterisk forgets everything pushed when it restarts, and keeps it when only the switch does. A global variable in
  Asterisk (the marker) says what was pushed, so both are noticed.
- Parts come before what refers to them (auth, aor, endpoint, then identify and registration), and go after it.
- Passwords are derived (docs/architecture.md), and never logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dealerline.domain.sip import password
from dealerline.switch.ari import Ari, AriError, AriLost
from dealerline.switch.directory import Carrier, DeskPhone, Person, Snapshot

log = logging.getLogger(__name__)

MARKER = "DL_SIP"
REALM = "dealerline"
AGENT_CONTEXT, CARRIER_CONTEXT = "from-agent", "from-carrier"
# Variables of a desk phone's channel. Not as set_var of its endpoint: one that had it could not be rung any more after
# its user name was changed (22.10.1).
TRANSFERS = {"TRANSFER_CONTEXT": "refer-from-agent"}
TRANSPORTS = {"udp": "transport-udp", "tcp": "transport-tcp"}
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
RESERVED = re.compile(r"(agent|carrier|phone)-|doctor$")
OURS = re.compile(r"(agent|phone|carrier)-\d+")
SIGN_OFF_SECONDS = 3.0
AT_ONCE = 64  # requests under way at a time, so that calls' requests get between

MODULE = "res_pjsip"  # of identify and registration too, although sorcery.conf maps them under their own modules' names


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One object in Asterisk: its type and id. Sorts in the order in which objects are to be made."""

    rank: int
    type: str
    id: str


Fields = tuple[tuple[str, str], ...]
Objects = dict[Key, Fields]

_RANKS = {"auth": 0, "aor": 1, "endpoint": 2, "identify": 3, "registration": 4}


def agent_endpoint(person: int) -> str:
    """The endpoint of a person's browser; its SIP user name as well."""
    return f"agent-{person}"


def phone_endpoint(phone: int) -> str:
    """The endpoint by which a desk phone is rung."""
    return f"phone-{phone}"


def carrier_endpoint(carrier: int) -> str:
    """The endpoint of a carrier, for calls in and out."""
    return f"carrier-{carrier}"


def _put(objects: Objects, kind: str, name: str, fields: Mapping[str, str]) -> None:
    objects[Key(_RANKS[kind], kind, name)] = tuple(fields.items())


def _auth(objects: Objects, name: str, username: str, word: str, *, ours: bool) -> None:
    fields = {"auth_type": "digest", "username": username, "password": word}
    _put(objects, "auth", name, {**fields, "realm": REALM} if ours else fields)


def _agent(objects: Objects, person: Person, secret: str) -> None:
    name = agent_endpoint(person.id)
    _auth(objects, name, name, password(secret, name), ours=True)
    # A second browser of the same person takes over; a laptop that fell asleep is noticed by its silence.
    aor = {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "10", "qualify_timeout": "3.0"}
    _put(objects, "aor", name, {**aor, "maximum_expiration": "600", "minimum_expiration": "30"})
    _put(
        objects,
        "endpoint",
        name,
        {
            "context": AGENT_CONTEXT,
            "transport": "transport-ws",
            "aors": name,
            "auth": name,
            "webrtc": "yes",
            "dtls_auto_generate_cert": "yes",
            "disallow": "all",
            "allow": "opus,alaw,ulaw",
            "direct_media": "no",
            "dtmf_mode": "rfc4733",
            "rtp_timeout": "15",  # a killed browser says no good-bye
            "rtp_timeout_hold": "0",
            "allow_transfer": "no",
            "allow_subscribe": "no",
            "send_pai": "no",
            "trust_id_inbound": "no",
            "device_state_busy_at": "1",
        },
    )


def _phone(objects: Objects, phone: DeskPhone, secret: str) -> None:
    """Rung as ``phone-<id>``; signs in by its own user name, as an endpoint of that name that shares its contacts."""
    name, user = phone_endpoint(phone.id), phone.username or phone_endpoint(phone.id)
    _auth(objects, user, user, password(secret, user), ours=True)
    aor = {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": "30", "qualify_timeout": "3.0"}
    _put(objects, "aor", user, {**aor, "maximum_expiration": "3600", "minimum_expiration": "30"})
    endpoint = {
        "context": AGENT_CONTEXT,
        "aors": user,
        "auth": user,
        "disallow": "all",
        "allow": "g722,alaw,ulaw",
        "direct_media": "no",
        "dtmf_mode": "rfc4733",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "rtp_timeout": "60",
        # A REFER dials in the context that its channel names (TRANSFERS), which asks the switch. Never with
        # PJSIP_TRANSFER_HANDLING()=ari-only: a REFER with "Refer-Sub: false" then kills Asterisk 22.10 (issue 2021).
        "allow_transfer": "yes",
        "allow_subscribe": "no",
        "trust_id_inbound": "no",
        "device_state_busy_at": "1",
    }
    for endpoint_name in dict.fromkeys((name, user)):
        _put(objects, "endpoint", endpoint_name, endpoint)


def _carrier(objects: Objects, carrier: Carrier) -> None:
    name = carrier_endpoint(carrier.id)
    by_transport = "" if carrier.transport == "udp" else f";transport={carrier.transport}"
    host = f"[{carrier.host}]" if ":" in carrier.host else carrier.host
    uri = f"sip:{host}:{carrier.port}{by_transport}"
    if carrier.username and carrier.password:
        _auth(objects, name, carrier.username, carrier.password, ours=False)
    _put(objects, "aor", name, {"contact": uri, "qualify_frequency": "30", "qualify_timeout": "3.0"})
    endpoint = {
        "context": CARRIER_CONTEXT,
        "transport": TRANSPORTS[carrier.transport],
        "aors": name,
        "disallow": "all",
        "allow": ",".join(carrier.codecs) or "alaw,ulaw",
        "direct_media": "no",
        "dtmf_mode": "auto",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "rtp_timeout": "300",  # some carriers send nothing while a caller listens
        "rtp_timeout_hold": "600",
        "trust_id_inbound": "yes",  # the carrier's P-Asserted-Identity is the caller's number
        "trust_id_outbound": "yes",
        "send_pai": "yes",
        "allow_transfer": "no",
        "allow_subscribe": "no",
        "tone_zone": "cn",
    }
    if carrier.username:
        endpoint |= {"from_user": carrier.username, "from_domain": carrier.host}
        if carrier.password:
            endpoint["outbound_auth"] = name
    _put(objects, "endpoint", name, endpoint)
    match = ",".join(carrier.match) or carrier.host
    _put(objects, "identify", name, {"endpoint": name, "match": match, "srv_lookups": "no"})
    if carrier.register:
        registration = {
            "server_uri": uri,
            "client_uri": f"sip:{carrier.username}@{host}:{carrier.port}{by_transport}",
            "contact_user": carrier.username,
            "transport": TRANSPORTS[carrier.transport],
            "endpoint": name,
            "line": "yes",  # calls that come through the registration are the carrier's, whatever address they are from
            "expiration": "300",
            "max_random_initial_delay": "1",
            "retry_interval": "15",
            "forbidden_retry_interval": "120",
            "fatal_retry_interval": "120",
            "max_retries": "1000000",
            "auth_rejection_permanent": "no",
        }
        if carrier.password:
            registration["outbound_auth"] = name
        _put(objects, "registration", name, registration)


def desired(snapshot: Snapshot, secret: str) -> tuple[Objects, list[str]]:
    """Every object that ``snapshot`` asks for, and in words (for the log) what cannot be had."""
    objects: Objects = {}
    faults: list[str] = []
    for person in snapshot.people:
        _agent(objects, person, secret)
    taken: set[str] = set()
    for phone in snapshot.phones:
        user = phone.username or phone_endpoint(phone.id)
        foreign = RESERVED.match(user) and user != phone_endpoint(phone.id)
        if foreign or user in taken or not USERNAME.fullmatch(user):
            faults.append(f"desk phone {phone.id}: its user name is taken or cannot be used")
            continue
        taken.add(user)
        _phone(objects, phone, secret)
    for carrier in snapshot.carriers:
        if carrier.transport not in TRANSPORTS:
            faults.append(f"carrier {carrier.id}: transport {carrier.transport} is not supported")
        elif not carrier.host or (carrier.register and not carrier.username):
            faults.append(f"carrier {carrier.id}: host or user name is missing")
        else:
            _carrier(objects, carrier)
    return objects, faults


def changes(pushed: Objects, wanted: Objects) -> tuple[list[Key], list[Key]]:
    """(to put, to delete), each in the order in which it must happen.

    A registration whose password changed is put again too: Asterisk reads the auth when the registration is made.
    """
    put = {key for key, fields in wanted.items() if pushed.get(key) != fields}
    signed = {key.id for key in put if key.type == "auth"}
    put |= {key for key in wanted if key.type == "registration" and key.id in signed}
    gone = sorted((key for key in pushed if key not in wanted), reverse=True)
    return sorted(put), gone


@dataclass(slots=True)
class Report:
    """What ``apply`` did. ``failed``: "type id: reason"."""

    put: int = 0
    deleted: int = 0
    failed: list[str] = field(default_factory=list)


def _digest(objects: Iterable[tuple[Key, Fields]]) -> str:
    text = json.dumps([[k.type, k.id, list(f)] for k, f in sorted(objects)], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Provisioner:
    """Keeps Asterisk's SIP accounts equal to the newest snapshot. ``secret``: secrets/sip."""

    def __init__(self, ari: Ari, secret: str) -> None:
        self._ari = ari
        self._secret = secret
        self._pushed: Objects = {}
        self._known = False  # whether ``_pushed`` is what Asterisk really has
        self._wanted: Objects = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()  # faults already in the log
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """The connection was lost: look at the marker before believing anything."""
        self._known = False

    async def apply(self, snapshot: Snapshot) -> Report:
        """Make it so. Raises AriLost when Asterisk goes away meanwhile; what it refuses is in the report, and is tried
        again with the next call.
        """
        async with self._lock:
            wanted, faults = desired(snapshot, self._secret)
            report = Report(failed=faults)
            if not self._known:
                await self._recall(wanted)
            put, gone = changes(self._pushed, wanted)
            self._wanted = wanted
            if put or gone:
                # until all is done the marker says that nothing is sure, and what may be there
                await self._mark("unsure", self._pushed | wanted)
                await self._delete(self._without_sign_offs(gone), report)
                await self._push(put, wanted, report)
                await self._mark(_digest(self._pushed.items()), self._pushed)
                log.info("SIP accounts: %d put, %d deleted, %d refused", report.put, report.deleted, len(report.failed))
            for fault in sorted(set(report.failed) - self._told):
                log.warning("SIP account refused: %s", fault)
            self._told = set(report.failed)
            return report

    def _without_sign_offs(self, gone: list[Key]) -> list[Key]:
        """A registration that is deleted signs off at the carrier, and needs its password for that a moment longer."""
        signing_off = {key.id for key in gone if key.type == "registration"}
        later = [key for key in gone if key.type == "auth" and key.id in signing_off]
        for key in later:
            del self._pushed[key]
        if later:
            task = asyncio.create_task(self._delete_later(later), name="SIP sign-off")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return [key for key in gone if key not in later]

    async def _delete_later(self, keys: list[Key]) -> None:
        await asyncio.sleep(SIGN_OFF_SECONDS)
        async with self._lock:
            with contextlib.suppress(AriLost):  # then nothing is sure, and the next ``apply`` looks again
                await self._delete([key for key in keys if key not in self._wanted], Report())

    async def _recall(self, wanted: Objects) -> None:
        """What does Asterisk have? All that is wanted, if the marker says so; else we only know the names."""
        digest, _, named = (await self._ari.asterisk.get_global_var(variable=MARKER)).value.partition(" ")
        self._pushed = {}
        if digest and digest == _digest(wanted.items()):
            self._pushed = dict(wanted)
        elif digest:
            # Of unknown content: everything wanted is put again, and what else carries our names is deleted.
            ours = set(named.split(",")) if named else set()
            listed = {e.resource for e in await self._ari.endpoints.list_by_tech("PJSIP")}
            for name in (name for name in listed if OURS.fullmatch(name) or name in ours):
                for kind, rank in _RANKS.items():
                    key = Key(rank, kind, name)
                    if key not in wanted:
                        self._pushed[key] = ()
        self._known = True

    async def _mark(self, digest: str, objects: Objects) -> None:
        """``digest``, and the names that do not show that they are ours: phones' own."""
        names = {key.id for key in objects if key.type == "endpoint" and not OURS.fullmatch(key.id)}
        value = f"{digest} {','.join(sorted(names))}".strip()
        await self._ari.asterisk.set_global_var(variable=MARKER, value=value)

    async def _delete(self, keys: list[Key], report: Report) -> None:
        for key in keys:
            try:
                await self._ari.asterisk.delete_object(MODULE, key.type, key.id)
                report.deleted += 1
            except AriLost:
                raise
            except AriError as error:
                if not error.gone:
                    report.failed.append(f"{key.type} {key.id}: {error.message}")
            self._pushed.pop(key, None)

    async def _push(self, keys: list[Key], wanted: Objects, report: Report) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(key: Key) -> None:
            async with room:
                await self._put(key, wanted[key], report)

        for rank in sorted({key.rank for key in keys}):
            await asyncio.gather(*(one(key) for key in keys if key.rank == rank))

    async def _put(self, key: Key, fields: Fields, report: Report) -> None:
        operations = self._ari.asterisk
        listed = [{"attribute": name, "value": value} for name, value in fields]
        try:
            if key in self._pushed and key.type in ("registration", "identify"):
                await operations.delete_object(MODULE, key.type, key.id)
            await operations.update_object(MODULE, key.type, key.id, fields=listed)
        except AriLost:
            raise
        except AriError as error:
            self._pushed.pop(key, None)
            report.failed.append(f"{key.type} {key.id}: {error.message}")
        else:
            self._pushed[key] = fields
            report.put += 1
