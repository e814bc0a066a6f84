"""The measuring part of scripts/bench: starts the peers on loopback, runs each pair in turn, prints ratios."""

import gzip
import io
import json
import os
import random
import re
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import bench_topics

PROGRAM, REFERENCE, LOOP = map(os.path.abspath, sys.argv[1:4])
ROUNDS = 5
SECONDS = 3
LETTERS = max(5_000, int(os.environ.get("BENCH_LETTERS", "100000")))  # fewer would be over before they could be paused
WORKERS = 8
PLANNED = [int(n) for n in os.environ.get("BENCH_READERS", "10000,100000,1000000").split(",")]
KEY = "bench-key-0123456789"
WEB, STATIC, SINK = 18501, 18502, 18503
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = "/councils/w/meetings/m"


def request(method, path, body=None, patience=60):
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    call = urllib.request.Request(f"http://127.0.0.1:{WEB}{path}", method=method, data=data, headers=headers)
    return urllib.request.urlopen(call, timeout=patience).read()


def wait(ready, what):
    for _ in range(150_000):
        try:
            if ready():
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.002)
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


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, *_):
        return io.BytesIO()


opener = urllib.request.build_opener(NoRedirect)
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


def ratio(name, ours, theirs, unit="requests/s"):
    """Measures both in turn and prints how many times theirs ours is, with the spread."""
    ratios = []
    for _ in range(ROUNDS):
        one = ours()
        ratios.append(one / theirs())
    print(f"{name:34} {statistics.median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f}) x {unit}", flush=True)


def wrk(address, *options, connections=64):
    """Requests a second and the 99th percentile in milliseconds."""
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", *options, address],
                         capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"not every answer was a page: {out}")
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def nginx(folder, page):
    os.makedirs(f"{folder}/static{os.path.dirname(PAGE)}")
    for name, content in (("", page), (".gz", gzip.compress(page, 6))):
        with open(f"{folder}/static{PAGE}{name}", "wb") as file:
            file.write(content)
    os.chmod(folder, 0o755)
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(f"""
            worker_processes 2; pid {folder}/nginx.pid; error_log stderr; daemon off;
            events {{ worker_connections 4096; }}
            http {{ access_log off; sendfile on; keepalive_requests 1000000; open_file_cache max=10; gzip_static on;
              default_type "text/html; charset=utf-8";
              server {{ listen 127.0.0.1:{STATIC} backlog=1024; root {folder}/static; }} }}""")
    process = start("/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", stderr=subprocess.DEVNULL)
    wait(lambda: urllib.request.urlopen(f"http://127.0.0.1:{STATIC}{PAGE}"), "nginx answers")
    return process


def pages(folder):
    service = serve(folder, HTTP_LIMITS_CONNECTIONS_PER_CLIENT="0")
    publish()
    peer = nginx(folder, request("GET", PAGE))
    addresses = [f"http://127.0.0.1:{port}{PAGE}" for port in (WEB, STATIC)]

    def tag(address, *coding):
        call = urllib.request.Request(address, headers=dict(coding))
        return urllib.request.urlopen(call).headers["ETag"]

    def pair(name, *options, tags=None, **more):
        sides = [lambda n=n: wrk(addresses[n], *options, *(["-H", f"If-None-Match: {tags[n]}"] if tags else []), **more)
                 for n in (0, 1)]
        measured = [(sides[0](), sides[1]()) for _ in range(ROUNDS)]
        rates = [ours[0] / theirs[0] for ours, theirs in measured]
        slow = [ours[1] / theirs[1] for ours, theirs in measured]
        print(f"{name:34} {statistics.median(rates):6.2f}  ({min(rates):.2f} to {max(rates):.2f}) x requests/s, "
              f"{statistics.median(slow):.2f} x p99 of nginx", flush=True)

    pair("page, 64 connections")
    pair("page not modified, 64 connections", tags=[tag(address) for address in addresses])
    pair("page in gzip, 64 connections", "-H", "Accept-Encoding: gzip")
    pair("page, 1,000 connections", connections=1000)
    pair("page, a connection each", "-H", "Connection: close")
    stop(peer)
    stop(service)


def resident(process):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{process.pid}/status").read()).group(1)) // 1024


def memory(folder):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    service = serve(folder, HTTP_LIMITS_CONNECTIONS="11000")
    publish()
    request("GET", PAGE)
    time.sleep(1)
    idle = resident(service)
    held = []
    for number in range(10_000):
        # A client may hold 1,000; loopback has addresses enough for eleven of them.
        held.append(socket.create_connection(("127.0.0.1", WEB), source_address=(f"127.0.0.{2 + number // 900}", 0)))
    held[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert held[0].recv(100).startswith(b"HTTP/1.1 200")
    time.sleep(1)
    full = resident(service)
    for connection in held:
        connection.close()
    time.sleep(1)
    print(f"{'resident memory':34} {idle} MB idle, {full} MB with 10,000 idle connections, {resident(service)} MB after",
          flush=True)
    stop(service)


def first_answer(folder):
    service = serve(folder)
    publish()
    stop(service)
    times = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        service = serve(folder)
        times.append((time.monotonic() - began) * 1000)
        stop(service)
    print(f"{'first answer after start':34} {statistics.median(times):6.0f} ms ({min(times):.0f} to {max(times):.0f})",
          flush=True)


def signups(folder):
    # Letters wait: what is measured is taking sign-ups, not sending.
    service = serve(folder, MAIL_TRANSPORT="smtp", MAIL_SMTP_PORT="1", MAIL_SMTP_TLS="off", SIGNUP_PER_HOUR="0",
                    SIGNUP_PER_NETWORK_PER_HOUR="0")
    publish()
    script = f"{folder}/signups.lua"

    def ours():
        with open(script, "w") as file:
            file.write(f"""
                local n = 0
                request = function()
                  n = n + 1
                  return wrk.format("POST", "/subscribe", {{["Content-Type"] = "application/x-www-form-urlencoded"}},
                    "email=reader" .. n .. "-{time.time_ns()}@bench.example&council=w")
                end""")
        return wrk(f"http://127.0.0.1:{WEB}/subscribe", "-s", script)[0]

    def theirs():
        shutil.rmtree(f"{folder}/reference", ignore_errors=True)
        os.makedirs(f"{folder}/reference")
        return float(subprocess.check_output([REFERENCE, f"{folder}/reference/r.sqlite", str(SECONDS)]))

    ratio("sign-ups, durable", ours, theirs, "commits/s of SQLite in C")
    store = sqlite3.connect(f"{folder}/store.sqlite")
    people, letters = (store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("subscriber", "outgoing_mail"))
    assert people == letters > 0, (people, letters)
    store.close()
    stop(service)


def cpu_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def letters(folder):
    for name, signs in (("digest letters, durable", False), ("the same, signed (DKIM)", True)):
        send_letters(f"{folder}/{signs}", name, signs)


def send_letters(folder, name, signs):
    os.makedirs(folder)
    service = serve(folder)
    request("PUT", "/api/v1/councils/w", {"name": "Wychford County Council"})
    starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86400))
    section = "Councillors asked how the money is spent and who waits. " * 10
    request("PUT", "/api/v1/councils/w/meetings/m", {
        "committee": "Cabinet", "starts_at": starts, "status": "held",
        "summary": "The panel met.\n\n" + "\n\n".join(f"## Section {n}\n\n{section}" for n in range(25))})
    stop(service)
    now = int(time.time() * 1000)
    store = sqlite3.connect(f"{folder}/store.sqlite")
    with store:
        numbers = range(1, LETTERS + 1)
        store.executemany("INSERT INTO subscriber (id, email, email_key, state, density, window_start, created_at) "
                          "VALUES (?, ?, ?, 'active', 'full', ?, ?)",
                          ((n, f"r{n}@x.example", f"r{n}@x.example", now - 604800000, now) for n in numbers))
        store.executemany("INSERT INTO consent (id, subscriber_id, scope, source, form_version, notice_version, requested_at, confirmed_at) "
                          "VALUES (?, ?, 'w', 'bench', '1', '1', ?, ?)", ((n, n, now, now) for n in numbers))
        store.executemany("INSERT INTO subscription (subscriber_id, consent_id, target, council_id, state) "
                          "VALUES (?, ?, 'council:1', 1, 'active')", ((n, n) for n in numbers))
    store.close()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = start("/usr/sbin/smtp-sink", *user, f"127.0.0.1:{SINK}", "100", cwd="/")
    key = {}
    if signs:
        subprocess.run(["openssl", "genrsa", "-out", f"{folder}/key.pem", "2048"], check=True, capture_output=True)
        key = {"MAIL_DKIM_KEY_FILE": f"{folder}/key.pem"}
    service = serve(folder, MAIL_TRANSPORT="smtp", MAIL_SMTP_PORT=str(SINK), MAIL_SMTP_TLS="off",
                    MAIL_SMTP_CONNECTIONS=str(WORKERS), DIGEST_APPROVAL="required", **key)
    request("POST", "/api/v1/digest-runs")
    run = {}

    def reaches(state, sent=0):
        run.update(json.loads(request("GET", "/api/v1/digest-runs/1")))
        return run["state"] == state or 0 < sent <= run["sent"]

    while not reaches("awaiting_approval"):
        time.sleep(0.2)
    message = request("GET", "/api/v1/digest-runs/1/preview?subscriber=1")
    with open(f"{folder}/letter", "wb") as file:
        file.write(message)
    part = LETTERS // ROUNDS
    used, peak = 0, 0

    def ours(number):
        """Lets the run go on for one part of its letters; those under way when it is paused count, too."""
        nonlocal used, peak
        sent, cpu, began = run["sent"], cpu_seconds(service), time.time()
        request("POST", f"/api/v1/digest-runs/1/{'resume' if number else 'approve'}")
        while not reaches("sent", part * (number + 1) if number < ROUNDS - 1 else 0):
            peak = max(peak, resident(service))
            time.sleep(0.25)
        try:
            request("POST", "/api/v1/digest-runs/1/pause")
        except urllib.error.HTTPError as error:  # it is over
            if error.code != 409:
                raise
        took = time.time() - began
        counted = None
        while counted != run["sent"]:
            counted = run["sent"]
            time.sleep(1)
            reaches("sent")
        used += cpu_seconds(service) - cpu
        return (run["sent"] - sent) / took

    def loop():
        out = subprocess.run([LOOP, f"smtp://127.0.0.1:{SINK}/bench", f"{folder}/letter", str(WORKERS), str(part // 2)],
                             check=True, capture_output=True, text=True).stdout.split()
        return float(out[0]), float(out[1]) / (part // 2)

    def source():
        began = time.time()
        subprocess.run(["/usr/sbin/smtp-source", "-d", "-s", str(WORKERS), "-m", str(part // 2), "-l", str(len(message)),
                        "-f", "a@x.example", "-t", "b@x.example", f"127.0.0.1:{SINK}"], check=True)
        return part // 2 / (time.time() - began)

    # The machine changes its mind about its speed, so each part has its own references.
    parts = [(ours(number), *loop(), source()) for number in range(ROUNDS)]
    assert run["sent"] == LETTERS, run
    stop(service)
    stop(sink)
    rates = [ours / theirs for ours, theirs, _, _ in parts]
    cpu = used / LETTERS / statistics.mean(cpu for _, _, cpu, _ in parts)
    print(f"{name:34} {statistics.median(rates):6.2f}  ({min(rates):.2f} to {max(rates):.2f}) x letters/s of a libcurl loop in C, "
          f"{statistics.median(ours / theirs for ours, _, _, theirs in parts):.2f} x smtp-source; {LETTERS:,} letters of "
          f"{len(message) // 1024} KB over {WORKERS} connections, {cpu:.2f} x its CPU, peak {peak} MB", flush=True)


def many_readers(folder, count):
    """A store with 400 councils, 500 new meetings, 50 topics and `count` readers of 20,000 different follow lists."""
    service = serve(folder)
    publish()
    texts = ["housing", "roads", "libraries", "budget", "schools", "buses", "waste", "care", "parks", "safety"]
    starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86400))
    for n in range(400):
        request("PUT", f"/api/v1/councils/c{n}", {"name": f"Council {n}"})
    for n in range(50):
        request("PUT", f"/api/v1/topics/t{n}", {"name": f"Topic {n}", "description": "d", "query": f"{texts[n % 10]} word{n * 13}"})
    for n in range(500):
        words = " ".join(texts[(n + k) % 10] + f" word{(n * 7 + k) % 2000}" for k in range(40))
        request("PUT", f"/api/v1/councils/c{n % 400}/meetings/m{n}", {
            "committee": f"Committee {n % 3}", "starts_at": starts, "status": "held",
            "summary": f"The committee met about {words}.\n\n" + "".join(f"## {text}\n\nMembers spoke at length. " * 3 + "\n\n" for text in texts)})
    stop(service)
    chance = random.Random(1)
    lists = []
    for _ in range(20_000):
        councils = chance.sample(range(2, 402), chance.randint(1, 3))
        lists.append(([(f"council:{c}", c, None) for c in councils]
                      + [(f"topic:{t}", None, t) for t in chance.sample(range(1, 51), chance.randint(0, 2))],
                      chance.choice(["headlines", "brief", "brief", "full"])))
    store = sqlite3.connect(f"{folder}/store.sqlite")
    now = int(time.time() * 1000)
    chosen = [lists[chance.randrange(len(lists))] for _ in range(count)]
    with store:
        store.executemany("INSERT INTO subscriber (id, email, email_key, state, density, window_start, created_at) "
                          "VALUES (?, ?, ?, 'active', ?, ?, ?)",
                          ((n, f"r{n}@x.example", f"r{n}@x.example", one[1], now - 604800000, now) for n, one in enumerate(chosen, 1)))
        store.executemany("INSERT INTO consent (id, subscriber_id, scope, source, form_version, notice_version, requested_at, confirmed_at) "
                          "VALUES (?, ?, 'w', 'bench', '1', '1', ?, ?)", ((n, n, now, now) for n in range(1, count + 1)))
        store.executemany("INSERT INTO subscription (subscriber_id, consent_id, target, council_id, topic_id, state) "
                          "VALUES (?, ?, ?, ?, ?, 'active')",
                          ((n, n, *follow) for n, one in enumerate(chosen, 1) for follow in one[0]))
    store.close()


def raw_inserts(folder, count):
    """Rows a second of SQLite alone: the same rows into the same table with its indexes, in one transaction."""
    ours = sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True)
    schema = ours.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'outgoing_mail' AND sql IS NOT NULL ORDER BY rowid").fetchall()
    ours.close()
    store = sqlite3.connect(f"{folder}/raw.sqlite")
    store.execute("PRAGMA journal_mode = WAL")
    for (sql,) in schema:
        store.execute(sql)
    began = time.time()
    with store:
        store.executemany(
            "INSERT INTO outgoing_mail (kind, recipient, subscriber_id, run_id, edition_id, window_from, date, key_id, is_urgent, "
            "state, next_attempt_at, expires_at) VALUES ('digest', ?, ?, 1, ?, 5, 5, 1, 0, 'queued', 5, 5)",
            ((f"r{n}@x.example", n, n % 20_000) for n in range(1, count + 1)))
    rate = count / (time.time() - began)
    store.close()
    return rate


def plan(folder):
    for count in PLANNED:
        os.makedirs(f"{folder}/{count}")
        plan_for(f"{folder}/{count}", count)


def plan_for(folder, count):
    many_readers(folder, count)
    reference = raw_inserts(folder, count)
    # Sign-ups go on meanwhile; their letters wait, because what is measured is planning.
    service = serve(folder, MAIL_TRANSPORT="smtp", MAIL_SMTP_PORT="1", MAIL_SMTP_TLS="off", SIGNUP_PER_HOUR="0",
                    SIGNUP_PER_NETWORK_PER_HOUR="0", DIGEST_APPROVAL="required")
    run, waits = {}, []
    began = time.time()
    request("POST", "/api/v1/digest-runs")
    while run.get("state", "planning") == "planning":
        sent = time.time()
        body = f"email=new{len(waits)}@x.example&council=c1".encode()
        form = urllib.request.Request(f"http://127.0.0.1:{WEB}/subscribe", data=body, headers={"Accept": "text/html"})
        opener.open(form, timeout=60).read()
        waits.append((time.time() - sent) * 1000)
        if len(waits) % 20 == 0:
            store = sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True)
            run["state"] = store.execute("SELECT state FROM digest_run").fetchone()[0]
            store.close()
        time.sleep(0.005)
    took = time.time() - began
    run = json.loads(request("GET", "/api/v1/digest-runs/1"))
    assert run["recipients"] == count, run
    composing, plain = [], []
    for n in range(1, 201):
        for times, path in ((composing, f"/api/v1/digest-runs/1/preview?subscriber={n}"), (plain, f"/api/v1/subscribers/{n}")):
            sent = time.time()
            request("GET", path)
            times.append((time.time() - sent) * 1000)
    composed = statistics.median(composing) - statistics.median(plain)
    peak = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{service.pid}/status").read()).group(1)) // 1024
    slice_time = re.search(r"longest-write-ms=(\d+)", open(f"{folder}/log").read()).group(1)
    store = sqlite3.connect(f"file:{folder}/store.sqlite?mode=ro", uri=True)
    editions = store.execute("SELECT count(*) FROM edition").fetchone()[0]
    store.close()
    stop(service)
    waits.sort()
    print(f"{f'plan for {count:,} readers':34} {count / took / reference:6.2f}  x inserts/s of SQLite; {took:.1f} s, "
          f"{editions:,} editions, longest write {slice_time} ms, sign-ups p99 {waits[int(len(waits) * 0.99)]:.0f} ms, "
          f"a letter composed in {composed:.1f} ms, peak {peak} MB", flush=True)


MEASURES = {"pages": pages, "signups": signups, "memory": memory, "start": first_answer, "plan": plan,
            "letters": letters,
            "topics": lambda folder: bench_topics.topics(folder, sys.modules[__name__]),
            "search": lambda folder: bench_topics.search(folder, sys.modules[__name__])}
chosen = sys.argv[4:] or list(MEASURES)
unknown = set(chosen) - set(MEASURES)
if unknown:
    sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
folder = tempfile.mkdtemp()
os.chmod(folder, 0o755)  # nginx reads as another user
try:
    for name in chosen:
        os.makedirs(f"{folder}/{name}")
        MEASURES[name](f"{folder}/{name}")
finally:
    for process in running:
        if process.poll() is None:
            stop(process)
    shutil.rmtree(folder)
