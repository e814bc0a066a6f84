"""Topics in scripts/bench: many own queries against a week's new meetings, beside PostgreSQL with stored tsqueries; and
the search and lab pages over a large archive, beside SQLite's own full-text search."""

import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import time
import urllib.parse

MEETINGS = int(os.environ.get("BENCH_MEETINGS", "500"))
WORDS = 10_000
QUERIES = [int(n) for n in os.environ.get("BENCH_QUERIES", "1000,10000,100000").split(",")]
# PostgreSQL looks at a part of the queries; its time grows with their number.
SAMPLE = int(os.environ.get("BENCH_SAMPLE", "500"))
ARCHIVE = int(os.environ.get("BENCH_ARCHIVE", "100000"))
DAY = 86_400_000


def vocabulary():
    """As in a language: few words are common, very many are rare."""
    draw = random.Random(7)
    syllables = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwz" for vowel in "aeiou"]
    words = set()
    while len(words) < 30_000:
        words.add("".join(draw.choice(syllables) for _ in range(draw.choice((1, 2, 2, 2, 3)))))
    words = sorted(words)
    draw.shuffle(words)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return words, weights


def texts(count, length, words, weights, seed):
    draw = random.Random(seed)
    for _ in range(count):
        chosen = draw.choices(words, weights, k=length)
        lines = (" ".join(chosen[start:start + 25]).capitalize() + "." for start in range(0, length, 25))
        yield "\n\n".join(lines)


def make_queries(count, words):
    """As people follow them: each finds a few of a week's meetings. Two words, phrases, either-or, exclusions, beginnings."""
    draw = random.Random(11)
    useful = words[5_000:25_000]
    made = set()
    while len(made) < count:
        a, b, c = (draw.choice(useful) for _ in range(3))
        shape = draw.random()
        if shape < 0.45:
            made.add(f"{a} {b}")
        elif shape < 0.6:
            made.add(f'"{a} {b}"')
        elif shape < 0.75:
            made.add(f"{a} OR {b} {c}")
        elif shape < 0.88:
            made.add(f"{a} {b} -{c}")
        elif shape < 0.93:
            made.add(f"{a}* {b}" if len(a) > 2 else f"{a} {b}")
        else:
            made.add(f"{a} {b} {c}")
    made = sorted(made)
    draw.shuffle(made)
    return made


def tsquery(query):
    parts = []
    for part in re.findall(r'"[^"]+"|\S+ OR \S+|\S+', query):
        if part.startswith('"'):
            parts.append("(" + " <-> ".join(part.strip('"').split()) + ")")
        elif " OR " in part:
            parts.append("(" + part.replace(" OR ", " | ") + ")")
        elif part.startswith("-"):
            parts.append("!" + part[1:])
        elif part.endswith("*"):
            parts.append(part[:-1] + ":*")
        else:
            parts.append(part)
    return " & ".join(parts)


def put_meetings(store, bodies, now, span):
    """Straight into the store, the oldest first, as they come; the service makes its index of them when it starts."""
    store.execute("INSERT OR IGNORE INTO council (id, slug, name, created_at, updated_at) VALUES (1, 'w', 'W', ?, ?)", (now, now))
    store.execute("INSERT OR IGNORE INTO committee (id, council_id, slug, name) VALUES (1, 1, 'cabinet', 'Cabinet')")
    for number, body in enumerate(bodies, 1):
        at = now - span + span * number // max(1, MEETINGS if span < 7 * DAY else ARCHIVE)
        starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at / 1000))
        content = {"committee": "Cabinet", "startsAt": starts, "status": "held", "summary": body, "attendees": [], "documents": []}
        store.execute("INSERT INTO meeting_revision (id, meeting_id, number, content, created_at) VALUES (?, ?, 1, ?, ?)",
                      (number, number, json.dumps(content), at))
        store.execute("INSERT INTO meeting (id, council_id, committee_id, slug, starts_at, status, has_summary, published_at, "
                      "announced_at, is_mailed, revision_id, created_at, updated_at) "
                      "VALUES (?, 1, 1, ?, ?, 'held', 1, ?, ?, 1, ?, ?, ?)", (number, f"m{number}", at, at, at, number, at, at))


def put_followers(store, queries, now):
    for number, query in enumerate(queries, 1):
        address = f"r{number}@x.example"
        store.execute("INSERT INTO subscriber (id, email, email_key, state, window_start, created_at) VALUES (?, ?, ?, 'active', ?, ?)",
                      (number, address, address, now - 7 * DAY, now))
        store.execute("INSERT INTO consent (id, subscriber_id, scope, source, form_version, notice_version, requested_at, confirmed_at) "
                      "VALUES (?, ?, 'w', 'bench', '1', '1', ?, ?)", (number, number, now, now))
        store.execute("INSERT INTO topic_query (id, text) VALUES (?, ?)", (number, query))
        store.execute("INSERT INTO subscription (subscriber_id, consent_id, target, topic_query_id, state) VALUES (?, ?, ?, ?, 'active')",
                      (number, number, f"query:{number}", number))


def peak(process):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{process.pid}/status").read()).group(1)) // 1024


def empty_store(folder, bench):
    os.makedirs(folder)
    bench.stop(bench.serve(folder))
    return sqlite3.connect(f"{folder}/store.sqlite")


def matching(folder, bench):
    words, weights = vocabulary()
    bodies = list(texts(MEETINGS, WORDS, words, weights, 1))
    queries = make_queries(max(QUERIES), words)
    ours = {}
    for count in QUERIES:
        now = int(time.time() * 1000)
        store = empty_store(f"{folder}/{count}", bench)
        with store:
            put_meetings(store, bodies, now, 6 * DAY)
            put_followers(store, queries[:count], now)
        store.close()
        service = bench.serve(f"{folder}/{count}", DIGEST_APPROVAL="required")
        before = peak(service)
        plan = json.loads(bench.request("POST", "/api/v1/digest-runs?dry_run=true", patience=900))["matching"]
        assert (plan["queries"], plan["meetings"]) == (count, MEETINGS), plan
        ours[count] = plan["seconds"]
        print(f"{count:>8,} own queries x {MEETINGS} meetings of {WORDS:,} words: {plan['seconds']:.1f} s, "
              f"{plan['matches']:,} matches stored with extracts; peak {peak(service)} MB ({before} before)", flush=True)
        bench.stop(service)
    postgres(f"{folder}/postgres", bodies, queries, ours)


def postgres(folder, bodies, queries, ours):
    os.makedirs(folder)
    home = "/usr/lib/postgresql"
    binaries = f"{home}/{sorted(os.listdir(home))[-1]}/bin"
    user = []
    if os.geteuid() == 0:
        subprocess.run(["chown", "postgres", folder], check=True)
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = f"{folder}/data"
    subprocess.run([*user, f"{binaries}/initdb", "-D", data, "-A", "trust", "-U", "postgres"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    options = f"-k {folder} -c listen_addresses='' -c work_mem=64MB -c shared_buffers=512MB -c jit=off"
    subprocess.run([*user, f"{binaries}/pg_ctl", "-D", data, "-w", "-o", options, "-l", f"{folder}/log", "start"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/")

    def sql(text, copied=None):
        return subprocess.run([f"{binaries}/psql", "-h", folder, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text],
                              input=copied, text=True, check=True, capture_output=True).stdout.strip()

    try:
        sql("CREATE TABLE meeting (id int, words tsvector); CREATE TABLE raw (id int, body text); CREATE TABLE query (id int, q tsquery); "
            "CREATE TABLE raw_query (id int, q text)")
        sql("COPY raw FROM STDIN", "".join(f"{n}\t{body}\n".replace("\n\n", " ") for n, body in enumerate(bodies)))
        draw = random.Random(5)
        sample = draw.sample(queries, min(SAMPLE, len(queries)))
        sql("COPY raw_query FROM STDIN", "".join(f"{n}\t{tsquery(query)}\n" for n, query in enumerate(sample)))
        sql("INSERT INTO query SELECT id, to_tsquery('english', q) FROM raw_query")
        began = time.time()
        sql("INSERT INTO meeting SELECT id, to_tsvector('english', body) FROM raw")
        indexing = time.time() - began
        sql("ANALYZE")
        began = time.time()
        found = sql("SET max_parallel_workers_per_gather = 2; SELECT count(*) FROM query JOIN meeting ON words @@ q")
        joined = time.time() - began
        began = time.time()
        sql("CREATE INDEX ON meeting USING gin (words)")
        indexing_inverted = time.time() - began
        sql("ANALYZE")
        began = time.time()
        sql("SET enable_seqscan = off; SELECT count(*) FROM query CROSS JOIN LATERAL (SELECT 1 FROM meeting WHERE words @@ q OFFSET 0) AS hit")
        inverted = time.time() - began
        largest = max(ours)
        scale = largest / len(sample)
        whole = indexing + joined * scale
        with_index = indexing + indexing_inverted + inverted * scale
        print(f"PostgreSQL, tsquery @@ tsvector, {len(sample)} of the queries ({found} matches, only counted), scaled to {largest:,}: "
              f"{whole:.0f} s, {whole / ours[largest]:.0f} x ours; through a GIN index of the texts {with_index:.0f} s, "
              f"{with_index / ours[largest]:.1f} x ours", flush=True)
    finally:
        subprocess.run([*user, f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")


def pages(folder, bench):
    words, weights = vocabulary()
    now = int(time.time() * 1000)
    store = empty_store(folder, bench)
    with store:
        put_meetings(store, texts(ARCHIVE, 150, words, weights, 2), now, 4 * 365 * DAY)
    bodies = (row[0] for row in store.execute("SELECT json_extract(content, '$.summary') FROM meeting_revision"))
    reference = sqlite3.connect(f"{folder}/reference.sqlite")
    with reference:
        reference.execute("CREATE VIRTUAL TABLE text USING fts5(body, tokenize='porter unicode61 remove_diacritics 2')")
        reference.executemany("INSERT INTO text (body) VALUES (?)", ((body,) for body in bodies))
    store.close()
    began = time.time()
    service = bench.serve(folder)
    print(f"index of {ARCHIVE:,} meetings made in {time.time() - began:.0f} s", flush=True)
    draw = random.Random(3)
    # From the commonest word to words that stand in a few texts.
    asked = [draw.choice(words[:40] if n % 10 == 0 else words[:2000]) for n in range(400)]
    asked = [a if n % 3 else f"{a} OR {draw.choice(words[:2000])}" for n, a in enumerate(asked)]
    raw = []
    for query in asked:
        sent = time.time()
        reference.execute("SELECT rowid, snippet(text, 0, '<b>', '</b>', '…', 24) FROM text WHERE text MATCH ? ORDER BY rowid DESC LIMIT 20",
                          (" OR ".join(f'"{w}"' for w in query.split(" OR ")),)).fetchall()
        raw.append((time.time() - sent) * 1000)
    for name, path in (("search", "/search?q="), ("query lab", "/query?q=")):
        bench.request("GET", path + "warm")
        took = []
        for query in asked:
            sent = time.time()
            bench.request("GET", path + urllib.parse.quote(query))
            took.append((time.time() - sent) * 1000)
        print(f"{name} over {ARCHIVE:,} meetings: p50 {statistics.median(took):.1f} ms, p99 {statistics.quantiles(took, n=100)[98]:.1f} ms; "
              f"SQLite alone, newest 20 with snippets: p99 {statistics.quantiles(raw, n=100)[98]:.1f} ms", flush=True)
    bench.stop(service)


def topics(folder, bench):
    matching(f"{folder}/matching", bench)


def search(folder, bench):
    pages(f"{folder}/pages", bench)
