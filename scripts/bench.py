"""The measuring part of scripts/bench: starts the peers on loopback, runs each pair in turn, prints ratios."""

import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PROGRAM = os.path.abspath(sys.argv[1])
LETTERS = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
ROUNDS = 5
WORKERS = 4
KEY = "bench-key-0123456789"
WEB, STATIC, SINK = 18501, 18502, 18503
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def request(method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    call = urllib.request.Request(f"http://127.0.0.1:{WEB}{path}", method=method, data=data, headers=headers)
    return urllib.request.urlopen(call, timeout=60).read()


def wait(ready, what):
    for _ in range(600):
        try:
            if ready():
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    sys.exit(f"did not happen: {what}")


def serve(folder, **settings):
    environment = {
        "PATH": "/usr/bin:/bin", "COUNCIL_DIGEST_HTTP_PORT": str(WEB), "COUNCIL_DIGEST_ADMIN_TOKEN": KEY,
        "COUNCIL_DIGEST_STORE_PATH": f"{folder}/store.sqlite", "COUNCIL_DIGEST_MAIL_MAILDIR": f"{folder}/mail",
        "COUNCIL_DIGEST_STORE_MIGRATIONS": f"{ROOT}/migrations",
        **{"COUNCIL_DIGEST_" + name: value for name, value in settings.items()},
    }
    log = open(f"{folder}/log", "a")
    service = start(PROGRAM, "serve", cwd=folder, env=environment, stdout=log, stderr=log)
    wait(lambda: request("GET", "/healthz"), "the service answers")
    return service


running = []


def start(*command, **options):
    process = subprocess.Popen(command, **options)
    running.append(process)
    return process


def stop(process):
    process.terminate()
    process.wait()


def publish():
    summary = "The panel met.\n\n" + "\n\n".join(
        f"## Section {n}\n\n" + ("Councillors asked how the money is spent and who waits. " * 12) for n in range(10))
    request("PUT", "/api/v1/councils/w", {"name": "Wychford County Council"})
    starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86400))
    request("PUT", "/api/v1/councils/w/meetings/m", {
        "committee": "Cabinet", "starts_at": starts, "status": "held", "summary": summary,
        "attendees": [{"name": f"Councillor {n}", "role": "Member"} for n in range(20)]})


def pages(folder):
    service = serve(folder)
    publish()
    path = "/councils/w/meetings/m"
    os.makedirs(f"{folder}/static")
    page = request("GET", path)
    with open(f"{folder}/static/page.html", "wb") as file:
        file.write(page)
    os.chmod(folder, 0o755)
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(f"""
            worker_processes 2; pid {folder}/nginx.pid; error_log stderr; daemon off;
            events {{ worker_connections 1024; }}
            http {{ access_log off; sendfile on; keepalive_requests 1000000; open_file_cache max=10;
              server {{ listen 127.0.0.1:{STATIC}; root {folder}/static; }} }}""")
    nginx = start("/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", stderr=subprocess.DEVNULL)
    wait(lambda: urllib.request.urlopen(f"http://127.0.0.1:{STATIC}/page.html"), "nginx answers")

    def rate(address):
        out = subprocess.run(["wrk", "-t1", "-c64", "-d3s", address], capture_output=True, text=True).stdout
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))

    ours, theirs = f"http://127.0.0.1:{WEB}{path}", f"http://127.0.0.1:{STATIC}/page.html"
    ratios = [rate(ours) / rate(theirs) for _ in range(ROUNDS)]
    memory = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{service.pid}/status").read()).group(1)) // 1024
    stop(nginx)
    stop(service)
    print(f"pages    {len(page)} bytes, 64 connections, against nginx: "
          f"{statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f}); resident {memory} MB")


def letters(folder):
    service = serve(folder)
    publish()
    stop(service)
    store = sqlite3.connect(f"{folder}/store.sqlite")
    now = int(time.time() * 1000)
    with store:
        for n in range(1, LETTERS + 1):
            store.execute("INSERT INTO subscriber (id, email, email_key, state, density, window_start, created_at) "
                          "VALUES (?, ?, ?, 'active', 'full', ?, ?)", (n, f"r{n}@x.example", f"r{n}@x.example", now - 604800000, now))
            store.execute("INSERT INTO consent (id, subscriber_id, scope, source, form_version, requested_at, confirmed_at) "
                          "VALUES (?, ?, 'w', 'bench', '1', ?, ?)", (n, n, now, now))
            store.execute("INSERT INTO subscription (subscriber_id, consent_id, target, council_id, state) "
                          "VALUES (?, ?, 'council:1', 1, 'active')", (n, n))
    store.close()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = start("/usr/sbin/smtp-sink", *user, f"127.0.0.1:{SINK}", "100", cwd="/")
    service = serve(folder, MAIL_TRANSPORT="smtp", MAIL_SMTP_PORT=str(SINK), MAIL_SMTP_TLS="off",
                    MAIL_SMTP_CONNECTIONS=str(WORKERS))
    began = time.time()
    request("POST", "/api/v1/digest-runs")
    run = {}

    def finished():
        run.update(json.loads(request("GET", "/api/v1/digest-runs/1")))
        return run["finished_at"]

    for _ in range(6000):
        if finished():
            break
        time.sleep(0.05)
    ours = LETTERS / (time.time() - began)
    assert run["sent"] == LETTERS, run
    stop(service)
    began = time.time()
    subprocess.run(["/usr/sbin/smtp-source", "-d", "-s", str(WORKERS), "-m", str(LETTERS), "-l", "16000",
                    "-f", "a@x.example", "-t", "b@x.example", f"127.0.0.1:{SINK}"], check=True)
    theirs = LETTERS / (time.time() - began)
    stop(sink)
    print(f"letters  {LETTERS} over {WORKERS} connections, planned, composed and recorded durably, against smtp-source: "
          f"{ours / theirs:.3f}")


folder = tempfile.mkdtemp()
os.chmod(folder, 0o755)  # nginx reads as another user
try:
    for measure in (pages, letters):
        os.makedirs(f"{folder}/{measure.__name__}")
        measure(f"{folder}/{measure.__name__}")
finally:
    for process in running:
        if process.poll() is None:
            stop(process)
    shutil.rmtree(folder)
