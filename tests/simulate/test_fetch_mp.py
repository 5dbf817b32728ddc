"""The real mp_api client against a server on this machine that speaks the Materials Project's interface."""

import functools
import json
import logging
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
        found = [document(kind, phase) for phase in phases if phase[2] in systems]
        skip, limit = int(asked.get("_skip", 0)), int(asked["_limit"])
        return self.send(200, {"data": found[skip : skip + limit], "meta": {"total_doc": len(found)}})


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
