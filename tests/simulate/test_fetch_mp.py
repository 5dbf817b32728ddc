"""The real mp_api client against a server on this machine that speaks the Materials Project's interface."""

import contextlib
import functools
import gzip
import json
import logging
import runpy
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.evidence import external_phases
from sinterface.simulate.files import fetch_mp

KEY = "abcdefghijklmnopqrstuvwxyz012345"
HEARTBEAT = {"version": "0.86.4", "db_version": "2025.09.25", "access_controlled_batch_ids": []}
PHASES = [  # id, formula, system, eV/atom, above hull, theoretical
    ("mp-1", "Li", "Li", 0.0, 0.0, False),
    ("mp-2", "O2", "O", 0.0, 0.0, False),
    ("mp-3", "Li2O", "Li-O", -2.07, 0.0, False),
    ("mp-4", "Li2O2", "Li-O", -1.65, 0.0, False),
    ("mp-5", "NiO", "Ni-O", -1.22, 0.0, False),
    ("mp-6", "LiNiO2", "Li-Ni-O", -1.45, 0.004, False),
    ("mp-7", "Li5NiO4", "Li-Ni-O", -1.80, 0.03, True),
    ("mp-8", "LiNiO3", "Li-Ni-O", -1.00, 0.3, True),
]


def document(kind, phase):
    identity, name, system, energy, above, theoretical = phase
    if kind == "thermo":
        return {"material_id": identity, "formation_energy_per_atom": energy, "energy_above_hull": above}
    return {
        "material_id": identity, "formula_pretty": name, "theoretical": theoretical, "chemsys": system,
        "symmetry": {"symbol": "Fm-3m", "number": 225}, "density": 4.5, "volume": 40.0, "nsites": 4,
    }  # fmt: skip


class Service(ThreadingHTTPServer):
    """Answers like api.materialsproject.org; ``faults`` are served first, one a request to the materials."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults, self.asked, self.beat, self.energies = [], [], HEARTBEAT, PHASES
        self.over = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send(self, status, body, length=None, **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def do_GET(self):
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.asked.append((url.path, asked))
        if url.path == "/heartbeat":
            assert "x-api-key" not in self.headers
            return self.send(200, self.server.beat)
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault:
            return fault(self)
        if self.headers.get("X-API-KEY") != KEY:
            return self.send(401, {"message": "Unauthorized " + str(self.headers.get("X-API-KEY"))})
        kind = url.path.strip("/").removeprefix("materials/")
        assert kind in ("summary", "thermo"), kind
        assert asked["_fields"]
        if kind == "thermo":
            assert asked["thermo_types"] == "GGA_GGA+U"
        # the service sorts the elements of every system itself, as chemsys_to_criteria of emmet-api does
        systems = {"-".join(sorted(system.split("-"))) for system in asked["chemsys"].split(",")}
        phases = PHASES if kind == "summary" else self.server.energies
        told = [document(kind, phase) for phase in phases if phase[2] in systems]
        skip, limit = int(asked.get("_skip", 0)), int(asked["_limit"])
        return self.send(200, {"data": told[skip : skip + limit], "meta": {"total_doc": len(told)}})


@pytest.fixture(scope="module", autouse=True)
def quick():
    """The client makes the JSON schema of its documents anew for every field asked for: once is enough here."""
    from mp_api.client.core.client import BaseRester

    slow = BaseRester.available_fields
    known = functools.cache(lambda model: list(model.model_json_schema()["properties"]))
    BaseRester.available_fields = property(lambda self: known(self.document_model))
    yield
    BaseRester.available_fields = slow


@pytest.fixture
def service(monkeypatch):
    for name in ("MP_API_KEY", "PMG_MAPI_KEY", "MP_API_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pymatgen.core.SETTINGS", {})
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def fetch(service, tmp_path, capfd, caplog):
    """Fetch Li-Ni-O; afterwards nothing may have been said, and the key may be nowhere."""
    caplog.set_level(logging.DEBUG)

    def go(**options):
        given = {"key": KEY, "endpoint": service.address, "backoff": 0.001} | options
        return fetch_mp.fetch(["Li", "Ni", "O"], tmp_path / "mine.json", **given)

    yield go
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert KEY not in caplog.text
    for file in tmp_path.iterdir():
        assert KEY.encode() not in file.read_bytes()


def refused(fetch, tmp_path, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        fetch(**options)
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    assert KEY not in told and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir()), "something was written"
    return str(caught.value)


def cut(handler):
    handler.send(200, b'{"data": [{"material_id": "mp-1", ', length=5000)


def hang_up(handler):
    handler.close_connection = True


def status(code, body=None, **headers):
    return lambda handler: handler.send(code, {"detail": KEY} if body is None else body, **headers)


def test_snapshot(fetch, service, tmp_path):
    shares = []
    assert fetch(progress=shares.append) == len(PHASES)
    assert shares == [0.5, 1.0]
    written = json.loads((tmp_path / "mine.json").read_text())
    assert written["format"] == "sinterface-phases-1"
    assert written["query"] == {"elements": ["Li", "Ni", "O"], "thermo_type": "GGA_GGA+U"}
    assert written["database_version"] == "2025.09.25"
    assert written["created"].startswith("20")
    phases, sha = external_phases.load(tmp_path / "mine.json")
    assert len(sha) == 64
    nickelate = next(phase for phase in phases if phase.id == "mp-6")
    assert nickelate.amounts == {"Li": 1.0, "Ni": 1.0, "O": 2.0}
    assert (nickelate.energy, nickelate.above_hull, nickelate.theoretical) == (-1.45, 0.004, False)
    assert (nickelate.space_group, nickelate.density, nickelate.volume) == ("Fm-3m", 4500.0, 10.0)
    systems = set(next(asked for path, asked in service.asked if "summary" in path)["chemsys"].split(","))
    assert systems == {"Li", "Ni", "O", "Li-Ni", "Li-O", "Ni-O", "Li-Ni-O"}


def test_pages_and_batches(fetch, service, monkeypatch):
    monkeypatch.setattr(fetch_mp, "PAGE", 2)
    monkeypatch.setattr(fetch_mp, "SYSTEMS", 5)
    assert fetch() == len(PHASES)
    skips = [asked.get("_skip") for path, asked in service.asked if "summary" in path]
    assert skips == [None, "2", None, "2"]  # Li, O and Li-O, then Ni-O and Li-Ni-O


def test_phases_without_energy_are_counted(fetch, service, tmp_path):
    service.energies = [phase for phase in PHASES if phase[0] != "mp-7"]
    assert fetch() == len(PHASES) - 1
    assert json.loads((tmp_path / "mine.json").read_text())["left_out"] == {"no GGA_GGA+U energy": 1}


@pytest.mark.parametrize("fault", [
    status(429, **{"Retry-After": "0"}), status(503), status(502, b"<html>bad gateway</html>"), cut, hang_up,
    status(200, b'{"data": [{"mat'),
], ids=["429", "503", "502", "cut", "hang-up", "malformed"])  # fmt: skip
def test_one_fault_is_overcome(fetch, service, fault):
    service.faults = [fault, None, fault]
    assert fetch() == len(PHASES)


@pytest.mark.parametrize(("fault", "match"), [
    (status(401), "refuses the key .HTTP 401.: check MP_API_KEY"),
    (status(403), "refuses the key .HTTP 403."),
    (status(422), "does not understand the query .HTTP 422."),
    (status(429), "too many requests"),
    (status(500), "out of order .HTTP 500."),
    (cut, "cut the connection in mid-answer"),
    (hang_up, "cut the connection"),
    (status(200, b"{"), "malformed answer"),
    (status(200, []), "malformed answer"),
    (status(200, {"data": []}), "malformed answer"),
    (status(200, {"data": [], "meta": {"total_doc": 9}}), "fewer phases than it announced"),
    (status(307, {}, Location="http://elsewhere.example/materials/summary/"), "sends on to another server"),
], ids=lambda value: value if isinstance(value, str) else "fault")  # fmt: skip
def test_lasting_fault_is_one_line(fetch, service, tmp_path, fault, match):
    service.faults = [fault] * 50
    message = refused(fetch, tmp_path, match)
    assert message.endswith("(the embedded database goes on serving)")
    tries = 50 - len(service.faults)
    assert tries <= 2 * fetch_mp.TRIES


def test_bad_key(fetch, tmp_path):
    wrong = "0" * 32
    assert wrong not in refused(fetch, tmp_path, "refuses the key .HTTP 401.", key=wrong)
    for odd in ("short", KEY[:-1] + "\n", KEY[:-1] + "é"):
        assert odd.strip() not in refused(fetch, tmp_path, "is not one: it has .* characters", key=odd)


def test_no_key(fetch, tmp_path):
    refused(fetch, tmp_path, "no key; set MP_API_KEY", key=None)


def test_key_from_environment_and_from_pymatgen(fetch, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", KEY)
    assert fetch(key=None)
    monkeypatch.delenv("MP_API_KEY")
    monkeypatch.setattr("pymatgen.core.SETTINGS", {"PMG_MAPI_KEY": KEY})
    assert fetch(key=None)


def test_nobody_answers(fetch, service, tmp_path):
    refused(fetch, tmp_path, "no connection to 127.0.0.1: check the network", endpoint="http://127.0.0.1:9/")


def test_silence_ends(fetch, service, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_mp, "TIMEOUT", 0.05)
    monkeypatch.setattr(fetch_mp, "TRIES", 2)
    monkeypatch.setattr(Handler, "do_GET", lambda handler: threading.Event().wait(0.2))
    refused(fetch, tmp_path, "does not answer in time")


def test_odd_heartbeats(fetch, service, tmp_path):
    service.beat = b"<html>maintenance</html>"
    refused(fetch, tmp_path, "malformed answer")


def test_key_stays_on_encrypted_ways(fetch, tmp_path):
    refused(fetch, tmp_path, "unencrypted", endpoint="http://example.org/")
    refused(fetch, tmp_path, "endpoint must be an address", endpoint="https://user:word@example.org/")


def test_impossible_phases_are_not_written(fetch, service, tmp_path):
    service.energies = [(*phase[:3], -99.0, *phase[4:]) for phase in PHASES]
    refused(fetch, tmp_path, "phase that can not be.*outside -10 to 10")


@pytest.mark.parametrize(("elements", "match"), [
    (["Li", "Qq"], "not a chemical element"),
    ([], "0 elements"),
    (["Li", "La", "Zr", "Ta", "Nb", "Al", "Ga", "W", "Ni", "Mn", "Co", "Fe", "O"], "13 elements"),
])  # fmt: skip
def test_elements(tmp_path, elements, match):
    with pytest.raises(InputError, match=match):
        fetch_mp.fetch(elements, tmp_path / "mine.json", key=KEY)


def test_nothing_found(service, tmp_path):
    with pytest.raises(InputError, match="no phase of Zr found"):
        fetch_mp.fetch(["Zr"], tmp_path / "mine.json", key=KEY, endpoint=service.address)
    assert not list(tmp_path.iterdir())


# ---- servers that want to be waited for, to fill the memory, or to be printed


def trickle(handler, head=False):
    """A byte now and then, of the body or of the head."""
    if head:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    else:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            if handler.server.over.wait(0.05):
                break
    handler.close_connection = True


def blanks(handler):
    """Blanks without end, in pieces."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"%x\r\n%s\r\n" % (65536, b" " * 65536))


def packed(encoding, content):
    return lambda handler: handler.send(200, content(), **{"Content-Encoding": encoding})


@functools.cache
def bomb():
    return gzip.compress(b" " * 100_000_000)


def page(*documents, **meta):
    return status(200, {"data": list(documents), "meta": {"total_doc": len(documents)} | meta})


def odd(**cells):
    return page(document("summary", PHASES[2]) | cells)


@pytest.mark.parametrize(("fault", "match"), [
    (packed("gzip", bomb), "sends more than all phases can take"),
    (packed("gzip, gzip", lambda: gzip.compress(bomb())), "unknown way"),
    (packed("br", lambda: b"x"), "unknown way"),
    (blanks, "sends more than all phases can take"),
    (page(total_doc=10**15), "announces more phases than there are"),
    (page(total_doc=-1), "announces more phases than there are"),
    (page(total_doc="9" * 5000), "malformed answer"),
    (status(200, b'{"data": ' + b"[" * 100_000), "malformed answer"),
    (status(200, {"data": {"a": 1}, "meta": {"total_doc": 1}}), "no page of phases"),
    (page(*[{}] * 1001), "no page of phases"),
    (page("mp-1"), "without a proper material_id"),
    (odd(material_id=["mp-1"]), "without a proper material_id"),
    (odd(material_id={"a": 1}), "without a proper material_id"),
    (odd(material_id=None), "without a proper material_id"),
    (odd(material_id=7), "without a proper material_id"),
    (odd(material_id=""), "without a proper material_id"),
    (odd(material_id="mp-1\x1b[31m"), "without a proper material_id"),
    (odd(material_id="mp-1\n"), "without a proper material_id"),
    (odd(material_id="[/red]"), "without a proper material_id"),
    (odd(material_id=KEY), "sent the key back"),
    (odd(material_id=KEY.upper()), "sent the key back"),
    (odd(formula_pretty=KEY), "sent the key back"),
    (odd(symmetry={"symbol": f"x{KEY}"}), "sent the key back"),
    (odd(**{KEY: 1}), "sent the key back"),
    (odd(symmetry={"a": {"b": {}}}), "more than was asked for"),
    (odd(volume=[[]] * 1000), "more than was asked for"),
    (odd(formula_pretty="Li" * 1000), "more than was asked for"),
    (odd(**{f"k{n}": n for n in range(100)}), "more than was asked for"),
    (status(200, b'{"data": [{"material_id": "mp-3", "density": NaN}], "meta": {"total_doc": 1}}'), "malformed answer"),
], ids=lambda value: value[:20] if isinstance(value, str) else "fault")  # fmt: skip
def test_hostile_answers_are_one_line(fetch, service, tmp_path, fault, match):
    service.faults = [fault] * 50
    assert "\x1b" not in refused(fetch, tmp_path, match)


@pytest.mark.parametrize(("fault", "match"), [
    (odd(formula_pretty=None), "phase that can not be"),
    (odd(formula_pretty="\x1b[31m"), "phase that can not be"),
    (odd(nsites="4"), "phase without formula or sites"),
    (odd(nsites=0), "phase without formula or sites"),
    (odd(symmetry="Fm-3m"), "phase without formula or sites"),
    (odd(density="NaN"), "phase that can not be"),
    (odd(volume=1e300), "phase that can not be"),
], ids=lambda value: value[:20] if isinstance(value, str) else "fault")  # fmt: skip
def test_phases_that_can_not_be_are_one_line(fetch, service, tmp_path, fault, match):
    service.faults = [fault]
    assert "\x1b" not in refused(fetch, tmp_path, match)


@pytest.mark.parametrize("head", [False, True])
def test_a_trickle_ends(fetch, service, tmp_path, monkeypatch, head):
    monkeypatch.setattr(fetch_mp, "TRANSFER", 0.3)
    monkeypatch.setattr(fetch_mp, "TRIES", 2)
    service.faults = [functools.partial(trickle, head=head)] * 50
    began = time.monotonic()
    refused(fetch, tmp_path, "does not answer in time")
    assert time.monotonic() - began < 5.0
    service.over.set()


def test_all_answers_together_are_bounded(fetch, service, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_mp, "MOST_TIME", 0.0)
    refused(fetch, tmp_path, "has not sent all phases within 0 minutes")
    monkeypatch.setattr(fetch_mp, "MOST_TIME", 100.0)
    monkeypatch.setattr(fetch_mp, "MOST_BYTES", 300)
    refused(fetch, tmp_path, "sends more than all phases can take")


@pytest.mark.parametrize("beat", [
    {"db_version": KEY}, {"db_version": "\x1b[31m"}, {"db_version": ["2025"]}, {"db_version": "x" * 100},
    HEARTBEAT | {"access_controlled_batch_ids": ["x"] * 2000}, HEARTBEAT | {"access_controlled_batch_ids": [KEY]}, [],
], ids=range(7))  # fmt: skip
def test_hostile_heartbeats(fetch, service, tmp_path, beat):
    service.beat = beat
    refused(fetch, tmp_path, "odd version|key back|malformed answer")


LIMITED = runpy.run_path(str(Path(__file__).with_name("limited.py")))["limited"]
DOWNLOAD = """
from sinterface.models.basics.errors import InputError
try:
    fetch_mp.fetch(["Li", "O"], Path(sys.argv[1]) / "x.json", key="k" * 32, endpoint=sys.argv[2], backoff=0.001)
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits")
@pytest.mark.parametrize("fault", [blanks, packed("gzip", bomb)], ids=["blanks", "bomb"])
def test_a_flood_takes_little_memory_and_time(service, tmp_path, fault):
    """1 GB and 5 s of processor time."""
    service.faults = [fault] * 50
    imports = "from sinterface.simulate.files import fetch_mp\nimport mp_api.client.routes.materials.summary"
    done = LIMITED(imports, DOWNLOAD, tmp_path, service.address)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "sends more than all phases can take" in done.stdout and done.stdout.count("\n") == 1
