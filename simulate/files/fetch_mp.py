"""Fetches phases from the Materials Project into a pinned snapshot: the only file that uses mp-api and the key.

Energies are of the GGA/GGA+U hull: one functional with one scheme of corrections, as the embedded DFT energies, so that
element corrections can be fitted to them.  Those of the mixed r2SCAN hull are not comparable between chemical systems
(materialsproject/api issue 1104, quoted in mp_api).  No message is made of an exception's own text, which could hold
the key, and none is raised while another is handled.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.evidence import external_phases
from sinterface.simulate.files.output import check_writable, write_text

THERMO_TYPE = "GGA_GGA+U"
SOURCE = f"Materials Project (materialsproject.org), thermo type {THERMO_TYPE}"
SERVES_ON = "the embedded database goes on serving"

MAX_ELEMENTS = 12
"""Most elements of one query: 4095 chemical systems in 32 requests of each kind."""

SYSTEMS = 128
"""Chemical systems in one request; mp_api found that addresses grow too long above 511."""

PAGE = 1000
"""Documents in one answer, the service's own limit."""

TRIES = 4
MAX_WAIT = 60.0
"""Longest wait before a request is repeated [s], whatever the server asks for."""

TIMEOUT = 20.0
"""Time for an answer to begin, and between two pieces of it [s]."""

TRANSFER = 60.0
"""Time for a whole answer [s], however steadily it trickles in."""

MOST_TIME = 1800.0
"""Time for all answers together [s]."""

MOST_ANSWER = 4_000_000
"""Bytes of one answer after decompression: a page of 1000 phases has some 400,000."""

MOST_BYTES = 100_000_000
"""Bytes of all answers together after decompression."""

MOST_IDS = 1000
"""Batches of restricted data that the service may name."""

_ENCODINGS = ("", "identity", "gzip", "deflate")
"""Packings that are undone: none grows more than about a thousandfold."""

SUMMARY_FIELDS = ["material_id", "formula_pretty", "theoretical", "symmetry", "density", "volume", "nsites"]
THERMO_FIELDS = ["material_id", "formation_energy_per_atom", "energy_above_hull"]
"""Fields asked for in the two requests, of structures and of energies."""
_T = TypeVar("_T")


class _AnswerError(Exception):
    """An answer that must not be used; the text is ours and holds nothing of it."""


@dataclass
class _Budget:
    """What all answers of one download may take together, and the key that none of them may hold."""

    secret: str
    end: float = field(default_factory=lambda: time.monotonic() + MOST_TIME)
    left: int = field(default_factory=lambda: MOST_BYTES)

    def seconds(self) -> float:
        """Time [s] for the next answer.  Raises _AnswerError when all is used up."""
        left = self.end - time.monotonic()
        if left <= 0.0:
            raise _AnswerError(f"has not sent all phases within {MOST_TIME / 60.0:g} minutes")
        return min(TRANSFER, left)


def _content(response: Any, budget: _Budget, given_up: threading.Event) -> bytes:
    """Body of an answer, unpacked, as long as it keeps within its bounds."""
    if str(response.headers.get("Content-Encoding", "")).strip().lower() not in _ENCODINGS:
        raise _AnswerError("packs its answers in an unknown way")
    pieces, size = [], 0
    for piece in response.raw.stream(16_384, decode_content=True):
        size += len(piece)
        budget.left -= len(piece)
        if size > MOST_ANSWER or budget.left < 0:
            raise _AnswerError("sends more than all phases can take")
        if given_up.is_set():
            raise _AnswerError("was given up")
        pieces.append(piece)
    return b"".join(pieces)


def _bound(session: Any, budget: _Budget) -> None:
    """From here on every answer of a session of requests is bounded in time and size, and none is asked for twice.

    requests bounds neither: it waits for ever for a byte a second, and unpacks whatever comes.
    """
    import requests
    from requests.adapters import HTTPAdapter

    class Bounded(HTTPAdapter):
        def send(self, request: Any, *_: Any, **options: Any) -> Any:
            seconds, given_up, made = budget.seconds(), threading.Event(), []
            plain = super().send

            def ask() -> None:
                response: Any = None
                try:
                    response = plain(request, **options | {"stream": True, "timeout": TIMEOUT})
                    response._content = _content(response, budget, given_up)
                    response._content_consumed, response.encoding = True, "utf-8"
                    made.append(response)
                except BaseException as error:
                    made.append(error)
                finally:
                    if response is not None:
                        response.raw.close()

            # names are looked up, connections made and heads of answers read without any limit of their own
            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            asking.join(seconds)
            if not made:
                given_up.set()
                raise requests.exceptions.ReadTimeout("timed out")
            if isinstance(made[0], BaseException):
                raise made[0]
            return made[0]

    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded(max_retries=0))
    session.max_redirects = 3


def _judge(documents: Any, secret: str) -> None:
    """Raise _AnswerError unless these are phases: flat objects with an id, the key in none of them."""
    if not isinstance(documents, list) or len(documents) > PAGE:
        raise _AnswerError("sent no page of phases")
    for document in documents:
        identity = document.get("material_id") if isinstance(document, dict) else None
        if not isinstance(identity, str) or not re.fullmatch(r"[\w.:+-]{1,60}", identity, re.ASCII):
            raise _AnswerError("sent a phase without a proper material_id")
        cells = [*document.values(), *(value for cell in document.values() for value in _inside(cell))]
        if len(cells) > 60 or not all(isinstance(cell, str | int | float | dict | None) for cell in cells):
            raise _AnswerError("sent a phase with more than was asked for")
        texts = [cell for cell in cells if isinstance(cell, str)]
        if any(len(text) > 1000 for text in texts):
            raise _AnswerError("sent a phase with more than was asked for")
        if any(_holds(text, secret) for text in (*texts, *document)):
            raise _AnswerError("sent the key back")


def _inside(cell: object) -> list[object]:
    if not isinstance(cell, dict):
        return []
    if any(isinstance(value, dict) for value in cell.values()):
        raise _AnswerError("sent a phase with more than was asked for")
    return list(cell.values())


def _holds(text: object, secret: str) -> bool:
    return secret.casefold() in str(text).casefold()


class _Watch:
    """Sees every answer of a session: its status, the wait it asks for, how many documents there are in all."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.clear()

    def clear(self) -> None:
        self.status, self.wait, self.total = 0, 0.0, 0

    def __call__(self, response: Any, **_: Any) -> None:
        self.status = int(response.status_code)
        wait = str(response.headers.get("Retry-After", ""))
        self.wait = float(wait) if re.fullmatch(r"\d{1,6}", wait) else 0.0
        if "location" in response.headers:  # requests would send the key along to any other server
            here, there = urlsplit(response.url), urlsplit(urljoin(response.url, response.headers["location"]))
            if (here.scheme, here.netloc) != (there.scheme, there.netloc):
                raise _AnswerError("sends on to another server")
        if self.status == 200:
            answer = response.json()
            total = int((answer.get("meta") or {})["total_doc"])
            if not 0 <= total <= external_phases.MAX_ROWS:
                raise _AnswerError("announces more phases than there are")
            _judge(answer["data"], self._secret)
            self.total = total


def fetch(
    elements: Sequence[str],
    output: Path,
    *,
    key: str | None = None,
    endpoint: str | None = None,
    progress: Callable[[float], None] | None = None,
    backoff: float = 1.0,
) -> int:
    """Write a snapshot of all phases made of these elements; returns how many there are.

    key: from ``MP_API_KEY`` or pymatgen's setting ``PMG_MAPI_KEY`` when not given.  progress is called with the share
    done.  backoff: seconds before the first repetition; doubled each time.  Raises InputError, in one line without the
    key, for anything that stands in the way; then nothing is written.
    """
    symbols = _elements(elements)
    check_writable(output)
    tell = progress or (lambda share: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        secret = _key(key)
        url = _endpoint(endpoint)
        host, watch, budget = urlsplit(url).hostname or url, _Watch(secret), _Budget(secret)
        version, restricted = _attempt(partial(_heartbeat, url, watch, budget), watch, host, backoff)
        clients = _attempt(partial(_clients, secret, url, watch, budget, version, restricted), watch, host, backoff)
        phases_by_id: dict[str, dict[str, Any]] = {}
        without = 0
        batches = list(_systems(symbols))
        with clients[0], clients[1]:
            for i, batch in enumerate(batches):
                summary = _attempt(partial(_summary, clients[0], batch, watch), watch, host, backoff)
                tell((i + 0.5) / len(batches))
                thermo = _attempt(partial(_thermo, clients[1], batch, watch), watch, host, backoff)
                tell((i + 1.0) / len(batches))
                some, lacking = _phases(summary, thermo, host)
                phases_by_id |= some
                without += lacking
    phases = [phases_by_id[identity] for identity in sorted(phases_by_id)]
    if not phases:
        raise InputError(f"Materials Project: no phase of {', '.join(symbols)} found; nothing is written")
    document = {
        "format": external_phases.FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "query": {"elements": symbols, "thermo_type": THERMO_TYPE},
        "source": SOURCE,
        "database_version": version,
        "left_out": {f"no {THERMO_TYPE} energy": without},
        "sha256": _checksum(phases, host),
        "phases": phases,
    }
    text = _text(document, host)
    _read_back(text, host)
    if _holds(text, secret):
        raise InputError(f"Materials Project: {host} sent the key back; nothing is written ({SERVES_ON})")
    write_text(output, text)
    return len(phases)


def _elements(elements: Sequence[str]) -> list[str]:
    symbols = sorted({element.strip() for element in elements} - {""})
    for symbol in symbols:
        formula.atomic_mass(symbol)
    if not 1 <= len(symbols) <= MAX_ELEMENTS:
        raise InputError(f"{len(symbols)} elements: name 1 to {MAX_ELEMENTS}, e.g. Li,La,Zr,Ta,Ni,Mn,Co,O")
    return symbols


def _systems(symbols: Sequence[str]) -> Iterable[list[str]]:
    """Every chemical system of some of the elements, in batches."""
    systems = [
        "-".join(some) for count in range(1, len(symbols) + 1) for some in itertools.combinations(symbols, count)
    ]
    return (systems[i : i + SYSTEMS] for i in range(0, len(systems), SYSTEMS))


def _key(key: str | None) -> str:
    from pymatgen.core import SETTINGS

    given = key or os.environ.get("MP_API_KEY") or SETTINGS.get("PMG_MAPI_KEY") or ""
    secret = str(given).strip()
    if not secret:
        raise InputError(
            "Materials Project: no key; set MP_API_KEY to yours from https://materialsproject.org/api "
            f"({SERVES_ON})"
        )  # fmt: skip
    if not re.fullmatch(r"[A-Za-z0-9]{32}", secret):
        raise InputError(
            f"Materials Project: the key in MP_API_KEY is not one: it has {len(secret)} characters, "
            f"keys are 32 letters and digits ({SERVES_ON})"
        )
    return secret


def _endpoint(endpoint: str | None) -> str:
    if endpoint is None:
        from mp_api.client.core.settings import MAPI_CLIENT_SETTINGS

        endpoint = str(MAPI_CLIENT_SETTINGS.ENDPOINT)
    parts = urlsplit(endpoint)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise InputError("Materials Project: the endpoint must be an address such as https://api.materialsproject.org/")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise InputError(f"Materials Project: {parts.hostname} without https would get the key unencrypted; use https")
    return endpoint if endpoint.endswith("/") else endpoint + "/"


def _heartbeat(url: str, watch: _Watch, budget: _Budget) -> tuple[str, list[str]]:
    """Version of the database, and the batches of data that need a consent; asked without the key."""
    import requests

    with requests.Session() as session:
        _bound(session, budget)
        response = session.get(url + "heartbeat")
        watch.status = int(response.status_code)
        response.raise_for_status()
        told = response.json()
        version, restricted = told["db_version"], told.get("access_controlled_batch_ids") or []
    texts = [version, *restricted]
    proper = all(isinstance(text, str) and re.fullmatch(r"[ -~]{0,60}", text) for text in texts)
    if len(restricted) > MOST_IDS or not proper:
        raise _AnswerError("sent an odd version of its database")
    if any(_holds(text, budget.secret) for text in texts):
        raise _AnswerError("sent the key back")
    return version, list(restricted)


def _clients(
    secret: str, url: str, watch: _Watch, budget: _Budget, version: str, restricted: list[str]
) -> tuple[Any, Any]:
    """mp_api's clients of the summaries and of the energies, their sessions bounded.

    They are made without MPRester, and told what the service's heartbeat says, for which mp_api would wait without
    limit.
    """
    from mp_api.client.routes.materials.summary import SummaryRester
    from mp_api.client.routes.materials.thermo import ThermoRester

    def heartbeat(_: object) -> tuple[str, list[str]]:
        return version, restricted

    def made(kind: Any) -> Any:
        told = type(kind.__name__, (kind,), {"_get_heartbeat_info": staticmethod(heartbeat)})
        client = told(api_key=secret, endpoint=url, use_document_model=False, mute_progress_bars=True)
        _bound(client.session, budget)
        client.session.hooks["response"].append(watch)
        return client

    return made(SummaryRester), made(ThermoRester)


def _summary(client: Any, systems: list[str], watch: _Watch) -> list[dict[str, Any]]:
    return _whole(client.search(chemsys=systems, fields=SUMMARY_FIELDS, include_gnome=False, chunk_size=PAGE), watch)


def _thermo(client: Any, systems: list[str], watch: _Watch) -> list[dict[str, Any]]:
    return _whole(
        client.search(chemsys=systems, fields=THERMO_FIELDS, thermo_types=[THERMO_TYPE], chunk_size=PAGE), watch
    )


def _whole(documents: list[dict[str, Any]], watch: _Watch) -> list[dict[str, Any]]:
    """The documents, if they are as many as the last page said: mp_api stops quietly at an empty page."""
    if len(documents) < watch.total:
        raise _AnswerError("sent fewer phases than it announced")
    return documents


def _attempt(action: Callable[[], _T], watch: _Watch, host: str, backoff: float) -> _T:
    """Result of an action, repeated a bounded number of times where that may help.  Raises InputError otherwise."""
    fault = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(min(MAX_WAIT, max(backoff * 2.0 ** (attempt - 1), watch.wait)))
        watch.clear()
        try:
            return action()
        except Exception as error:  # whatever the client lets through; its text is not used, it may hold the key
            fault, again = _fault(error, watch.status, host)
        if not again:
            break
    raise InputError(f"Materials Project: {fault} ({SERVES_ON})")


def _fault(error: Exception, status: int, host: str) -> tuple[str, bool]:
    """What went wrong, and whether the same request may succeed later."""
    text = f"{type(error).__name__} {error}"
    if isinstance(error, _AnswerError):
        return f"{host} {error}: try again", True
    if isinstance(error, ImportError):
        return "mp-api can not be imported: pip install mp-api", False
    if status in (401, 403):
        return f"{host} refuses the key (HTTP {status}): check MP_API_KEY", False
    if status == 429:
        return f"{host} has had too many requests (HTTP 429) and answers none: try later", True
    if status >= 500:
        return f"{host} is out of order (HTTP {status}): try later", True
    if status >= 400:
        return f"{host} does not understand the query (HTTP {status}): try a newer mp-api", False
    if re.search(r"timed? ?out", text, re.IGNORECASE):
        return f"{host} does not answer in time: try later", True
    if re.search(r"IncompleteRead|Connection broken|Connection aborted|RemoteDisconnected|prematurely|reset", text):
        return f"{host} cut the connection in mid-answer: try again", True
    if re.search(r"ConnectionError|Max retries|ProxyError|SSLError|NameResolution", text):
        return f"no connection to {host}: check the network", False
    return f"{host} sent a malformed answer: try again, or a newer mp-api", True


def _phases(
    summary: list[dict[str, Any]], thermo: list[dict[str, Any]], host: str
) -> tuple[dict[str, dict[str, Any]], int]:
    """Phases by id as the snapshot has them, and how many have no energy of this functional."""
    energies = {document["material_id"]: document for document in thermo}
    phases: dict[str, dict[str, Any]] = {}
    without = 0
    for document in summary:
        identity = document["material_id"]
        energy = energies.get(identity, {})
        if energy.get("formation_energy_per_atom") is None or energy.get("energy_above_hull") is None:
            without += 1
            continue
        try:
            volume = document.get("volume")
            phases[identity] = {
                "material_id": identity,
                "formula": document["formula_pretty"],
                "energy_eV_atom": energy["formation_energy_per_atom"],
                "energy_above_hull_eV_atom": energy["energy_above_hull"],
                "theoretical": document.get("theoretical"),
                "space_group": (document.get("symmetry") or {}).get("symbol") or "",
                "density_g_cm3": document.get("density"),
                "volume_A3_per_atom": None if volume is None else volume / document["nsites"],
            }
        except (KeyError, TypeError, AttributeError, ZeroDivisionError):
            without = -1
            break
    if without < 0:
        raise InputError(f"Materials Project: {host} sent a phase without formula or sites ({SERVES_ON})")
    return phases, without


def _checksum(phases: list[dict[str, Any]], host: str) -> str:
    with contextlib.suppress(ValueError):
        return external_phases.checksum(phases)
    raise InputError(f"Materials Project: {host} sent a phase with a number that is none ({SERVES_ON})")


def _text(document: dict[str, Any], host: str) -> str:
    """The snapshot as JSON; numbers that JSON does not have can not come from a phase."""
    with contextlib.suppress(ValueError):
        return json.dumps(document, indent=1, allow_nan=False) + "\n"
    raise InputError(f"Materials Project: {host} sent a phase with a number that is none ({SERVES_ON})")


def _read_back(text: str, host: str) -> None:
    """Raise InputError when the snapshot could not be read again: the answer held what no phase has."""
    try:
        external_phases.read(text.encode(), "snapshot.json")
    except DataError as error:
        fault = str(error)
    else:
        return
    raise InputError(f"Materials Project: {host} sent a phase that can not be: {fault} ({SERVES_ON})")
