"""Downloads from a server of the test's own."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lineament.apps import cli
from lineament.data import LineamentError, data_home
from lineament.data.fetch import DOWNLOADS, download, fetch
from lineament.data.sources import READERS


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("noise.bin", bytes(range(256)) * 4000)
    return buffer.getvalue()


CONTENT = archive()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves `CONTENT`; the server's `cut` and `ranges` say how badly."""

    def do_GET(self):
        self.server.asked.append(self.headers.get("Range"))
        if self.path == "/missing.zip":
            self.send_error(404)
            return
        content = b"<html>log in</html>" if self.path == "/login.zip" else CONTENT
        start = 0
        if self.server.ranges and (asked := self.headers.get("Range")):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else None
        self.wfile.write(content[start : None if cut is None else start + cut])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.ranges, server.cuts, server.asked = True, [], []
    server.url = f"http://127.0.0.1:{server.server_port}/fer2013.zip"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_arrives_whole_and_only_once(server, tmp_path):
    seen = []
    path = download(server.url, tmp_path / "new" / "f.zip", sha256=SHA256, progress=lambda *state: seen.append(state))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [entry.name for entry in path.parent.iterdir()] == ["f.zip"]
    download(server.url, path, sha256=SHA256)
    assert len(server.asked) == 1


def test_a_broken_transfer_goes_on_where_it_stopped(server, tmp_path):
    server.cuts = [300_000, 200_000]
    assert download(server.url, tmp_path / "f.zip", sha256=SHA256).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_a_later_run_goes_on_too(server, tmp_path):
    server.cuts = [300_000, 0, 0, 0, 0, 0]
    with pytest.raises(LineamentError, match="breaks off after 300000 bytes.*run it again"):
        download(server.url, tmp_path / "f.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["f.zip.part"]
    server.cuts = []
    assert download(server.url, tmp_path / "f.zip").read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=300000-"


def test_a_server_without_ranges_begins_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "f.zip.part").write_bytes(CONTENT[:1000])
    assert download(server.url, tmp_path / "f.zip", sha256=SHA256).read_bytes() == CONTENT


def test_a_finished_part_is_taken(server, tmp_path):
    (tmp_path / "f.zip.part").write_bytes(CONTENT)
    assert download(server.url, tmp_path / "f.zip", sha256=SHA256).read_bytes() == CONTENT


def test_a_part_of_another_file_is_dropped(server, tmp_path):
    (tmp_path / "f.zip.part").write_bytes(CONTENT + b"more")
    assert download(server.url, tmp_path / "f.zip", sha256=SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "page, options, message",
    [
        ("fer2013.zip", {"sha256": "0" * 64}, "has another checksum than 0000"),
        ("login.zip", {}, "no good zip archive: perhaps a page"),
    ],
)
def test_wrong_content_leaves_no_file(page, options, message, server, tmp_path):
    with pytest.raises(LineamentError, match=message):
        download(server.url.replace("fer2013.zip", page), tmp_path / "f.zip", **options)
    assert not list(tmp_path.iterdir())


def test_a_damaged_zip_is_not_kept(server, tmp_path):
    (tmp_path / "f.zip.part").write_bytes(bytes(500) + CONTENT[500:-1])
    with pytest.raises(LineamentError, match="no good zip"):
        download(server.url, tmp_path / "f.zip")
    assert not list(tmp_path.iterdir())


def test_errors_of_the_server_are_told(server, tmp_path):
    with pytest.raises(LineamentError, match="Not Found|404"):
        download(server.url.replace("fer2013", "missing"), tmp_path / "f.zip")
    with pytest.raises(LineamentError, match="cannot be downloaded"):
        download("http://127.0.0.1:1/f.zip", tmp_path / "f.zip")
    with pytest.raises(LineamentError, match="cannot be downloaded: unknown url type"):
        download("no-address", tmp_path / "f.zip", sha256=SHA256)


def test_fetch_asks_for_consent_and_keeps_the_file_at_home(server, tmp_path, monkeypatch):
    monkeypatch.setenv("LINEAMENT_HOME", str(tmp_path))
    with pytest.raises(LineamentError, match="Database Contents Licence.*--accept-licence"):
        fetch("fer2013", url=server.url)
    assert not server.asked
    path = fetch("fer2013", accept_licence=True, url=server.url, sha256=SHA256)
    assert path.read_bytes() == CONTENT and path.is_relative_to(data_home())


@pytest.mark.parametrize("name", sorted(set(READERS) - set(DOWNLOADS)))
def test_what_needs_its_owners_consent_says_where_to_ask(name):
    with pytest.raises(LineamentError) as error:
        fetch(name, accept_licence=True)
    assert READERS[name].url in str(error.value) and READERS[name].obtain in str(error.value)


def test_the_command_shows_the_licence_and_asks(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LINEAMENT_HOME", str(tmp_path))
    command = ["fetch", "fer2013", "--url", server.url, "--sha256", SHA256]
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["data", *command]) == 2 and not server.asked
    assert "Database Contents Licence" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, code in (("n", 2), ("", 2), ("yes", 0)):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        assert cli.main(["data", *command]) == code
    assert f"--data {tmp_path / 'datasets' / 'fer2013.zip'}" in capsys.readouterr().out


def test_the_command_takes_the_consent_as_a_flag(server, tmp_path, monkeypatch):
    monkeypatch.setenv("LINEAMENT_HOME", str(tmp_path))
    assert cli.main(["data", "fetch", "jaffe", "--url", server.url, "--accept-licence"]) == 0
    assert (tmp_path / "datasets" / "jaffe.zip").read_bytes() == CONTENT
