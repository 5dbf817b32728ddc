"""The server of the app: its pages and what happens on them, its files, and the door, which is closed to strangers."""

from __future__ import annotations

import base64
import binascii
import socket
import webbrowser
from collections.abc import Callable, Sequence
from typing import Any, cast

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from flask import Flask, Response, abort, request
from plotly.io.json import to_json_plotly
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.simulate.app import downloads, gallery, layout, results
from sinterface.simulate.app.drawing_schedule import after_drag
from sinterface.simulate.app.elements import value_of
from sinterface.simulate.pages.exhibit import Exhibit
from sinterface.simulate.work import form
from sinterface.simulate.work.jobs import ACTIVE, FAULT, Job, Jobs, key_of, ready_processes

LOOPBACK = ("127.0.0.1", "localhost", "::1")

MOST_BODY = 1_000_000
"""Longest request that is read [bytes]."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""What browsers may load: what this server sends, and nothing else."""

ADDRESS = "function(text) { if (text !== undefined && text !== null) history.replaceState(history.state, '', location.pathname + (text ? '?' + text : '')); return window.dash_clientside.no_update; }"  # noqa: E501
"""Keeps the address at what the form says, without a new page in the browser's history."""


def build(exhibits: Sequence[Exhibit], jobs: Jobs) -> Dash:
    """The app with all that happens on it."""
    app = Dash(
        __name__, title="sinterface", update_title="", suppress_callback_exceptions=True, serve_locally=True,
        add_log_handler=False, compress=False,
    )  # fmt: skip
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.layout = layout.frame()

    @app.callback(
        Output("main", "children"), Output("menu", "children"), Input("address", "pathname"), Input("address", "search")
    )
    def _page(path: str | None, search: str | None) -> tuple[Any, Any]:
        name = (path or "/").strip("/")
        if name not in layout.TITLES:
            name = ""
        if not name:
            return [html.H1("sinterface"), *gallery.page(exhibits)], layout.menu(name)
        ready_processes()  # what calculations need is loaded while the form is read
        values = form.read(name, search or "")
        key = key_of(name, form.query(name, values))
        job = jobs.get(key)
        return layout.page(name, values, key if job else ""), layout.menu(name)

    for name in form.pages():
        _wire(app, name, jobs)
    return app


def _wire(app: Dash, page: str, jobs: Jobs) -> None:
    """What happens on one page."""
    names = form.pages()[page]
    fields = [f"{page}-{name}" for name in names]

    def read(given: Sequence[Any]) -> dict[str, str]:
        return {name: value_of(name, value)[: form.MOST_CARD] for name, value in zip(names, given, strict=True)}

    @app.callback(
        [Output(f"{field}-error", "children") for field in fields], Output(f"{page}-search", "data"),
        [Input(field, "value") for field in fields],
    )  # fmt: skip
    def _edited(*given: Any) -> tuple[Any, ...]:
        values = read(given)
        wrong = form.checked(page, values)[1]
        return (*(wrong.get(name, "") for name in names), form.query(page, values))

    cast(Any, app).clientside_callback(ADDRESS, Output(f"{page}-addressed", "data"), Input(f"{page}-search", "data"))

    kept = [State(f"{page}-job", "data"), *(State(field, "value") for field in fields)]

    @app.callback(
        Output(f"{page}-job", "data"), Output(f"{page}-notice", "children"),
        Input(f"{page}-start", "n_clicks"), Input(f"{page}-cancel", "n_clicks"), kept, prevent_initial_call=True,
    )  # fmt: skip
    def _asked(start: int, cancel: int, job: dict[str, Any], *given: Any) -> tuple[Any, Any]:
        key = job["key"]
        if ctx.triggered_id == f"{page}-cancel":
            jobs.cancel(key)
            return no_update, no_update
        values = read(given)
        task, wrong = form.checked(page, values)
        if task is None:
            return no_update, _refusal(wrong)
        try:
            key = jobs.start(page, form.query(page, values), task)
        except SinterfaceError as error:
            return no_update, str(error)
        return {"key": key, "click": start}, ""

    cast(Any, app).clientside_callback(
        ClientsideFunction("sinterface", "follow"), Output(f"{page}-followed", "data"), Input(f"{page}-job", "data"),
        State(f"{page}-followed", "id"),
    )  # fmt: skip

    if "schedule" in names:

        @app.callback(
            Output(f"{page}-schedule", "value"), Input(f"{page}-moved", "data"), State(f"{page}-schedule", "value"),
            prevent_initial_call=True,
        )  # fmt: skip
        def _dragged(moved: dict[str, Any] | None, text: str | None) -> Any:
            after = after_drag(text or "", moved)
            return no_update if after == text else after

        @app.callback(
            Output(f"{page}-drawing", "figure"), Input(f"{page}-schedule", "value"), prevent_initial_call=True
        )
        def _redrawn(text: str | None) -> Any:
            try:
                return layout.schedule_figure((text or "")[: form.MOST_TEXT])
            except SinterfaceError:
                return no_update

    @app.callback(
        Output(f"{page}-cathode", "value"), [Input(f"{page}-{metal}", "value") for metal in ("Ni", "Mn", "Co")],
        prevent_initial_call=True,
    )  # fmt: skip
    def _mixed(*parts: Any) -> Any:
        return layout.mixed(*parts) or no_update

    @app.callback(
        Output(f"{page}-card", "value"), Input(f"{page}-upload", "contents"), prevent_initial_call=True
    )  # fmt: skip
    def _uploaded(contents: str | None) -> Any:
        try:
            return base64.b64decode((contents or "").partition(",")[2]).decode()[: form.MOST_CARD] or no_update
        except (binascii.Error, UnicodeDecodeError):
            return "# this file is no text"


def _refusal(wrong: dict[str, str]) -> str:
    """Why nothing was started, in a line."""
    fields = [form.field(name).label for name in wrong if name]
    return f"Not started: see {', '.join(fields)}." if fields else wrong.get("", "")


def look(job: Job | None, key: str, shown: str) -> dict[str, Any]:
    """What a page is told that looks at a job and shows its answer as of ``shown``.

    ``again`` says whether to look again, ``parts`` which properties to set, by the part of the page; the answer is
    among them if it is not shown already.
    """
    if job is None:
        told = "This answer is no longer kept: run it again."
        return {"again": False, "shown": shown, "parts": {"status": {"children": told}}}
    status, version = job.status, f"{key} {job.version}"  # in this order: a job that is done has its last version
    active = status in ACTIVE
    told = {
        "waiting": "Waiting for its turn.", "running": f"Running: {job.doing or 'the solver is loaded'}.",
        "done": "Done.", "cancelled": "Cancelled.", "failed": f"Failed: {job.message}",
    }[status]  # fmt: skip
    answer = {} if version == shown else {"answer": {"children": _drawn(job)}}
    parts = answer | {
        "status": {"children": told}, "progress": {"value": f"{job.share:.3f}", "hidden": not active},
        "cancel": {"disabled": not active},
    }  # fmt: skip
    return {"again": active, "shown": version, "parts": parts}


def _drawn(job: Job) -> list[Any]:
    """What a page shows of a job's answer, or that the program failed to draw it: no page waits for ever."""
    try:
        return results.shown(job) if job.parts else []
    except Exception as error:
        told = f"{FAULT}: {type(error).__name__}: {error}"
        return [html.P(told, className="error")]


def guard(server: Flask, allowed: Callable[[], Sequence[str]]) -> None:
    """Refuse requests that name another host or come from another page, and tell browsers to load nothing else.

    ``allowed`` tells the hosts with their port that a request may name; without any, all.
    """
    server.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    server.config["MAX_FORM_MEMORY_SIZE"] = MOST_BODY

    @server.before_request
    def _known() -> None:
        hosts = allowed()
        if hosts and request.host not in hosts:
            abort(403)
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            abort(403)

    @server.after_request
    def _policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


def files(server: Flask, jobs: Jobs) -> None:
    """How far jobs are, and the downloads; names are looked up, never opened."""

    @server.get("/look/<key>")
    def _look(key: str) -> Response:
        told = look(jobs.get(key), key, request.args.get("shown", ""))
        return Response(to_json_plotly(told), mimetype="application/json")

    @server.get("/download/<key>/<name>")
    def _download(key: str, name: str) -> Response:
        job = jobs.get(key)
        made = None if job is None else downloads.made(job, name)
        if made is None:
            raise NotFoundHere
        content, kind = made
        return Response(content, mimetype=kind.split(";")[0], headers={"Content-Disposition": "attachment"})


class NotFoundHere(HTTPException):
    """There is no such file, or not yet."""

    code = 404
    description = "There is no such file: run the page again, and take it from there."


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing: what goes wrong is told on the page."""


def serve(
    exhibits: Sequence[Exhibit], *, host: str, port: int, browser: bool, say: Callable[[str], None]
) -> None:  # fmt: skip
    """Serve the app until Ctrl-C; ``say`` tells where.  Port 0 takes a free one.

    Raises InputError when the address can not be had.
    """
    jobs = Jobs()
    app = build(exhibits, jobs)
    server = cast(Flask, app.server)
    files(server, jobs)
    names: list[str] = []
    guard(server, lambda: names)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{host}, port {port}: can not be listened on: {told}; choose another --port") from error
    listening = make_server(host, port, server, threaded=True, request_handler=Quiet, fd=door.detach())
    if host in LOOPBACK:
        names += [f"{f'[{name}]' if ':' in name else name}:{listening.port}" for name in LOOPBACK]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.port}/"
    say(address)
    if browser:
        webbrowser.open(address)
    try:
        listening.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        jobs.close()
        listening.server_close()
