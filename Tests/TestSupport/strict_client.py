"""Reads answers of the server under test as h11 does, an HTTP/1.1 library that nobody here wrote, and a little stricter.

Listens on the given port of loopback. Each connection brings one JSON object {"methods": [...], "answers": base64} and
gets {"answers": [{"status", "fields", "body"}], "error": text or null} back. Ends with the process that started it.
"""

import base64
import email.utils
import json
import os
import re
import socket
import sys
import threading

import h11

IMF_FIXDATE = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$")


def complaint(status, fields, body):
    """What RFC 9110 asks of an answer beyond its syntax."""
    named = {}
    for name, value in fields:
        named.setdefault(name.lower(), []).append(value)
    for name in ("date", "content-type", "etag", "location", "content-length", "x-request-id"):
        if len(named.get(name, [])) > 1:
            return f"{name} stands twice"
    if 200 <= status < 500 and not IMF_FIXDATE.match(named.get("date", [""])[0]):
        return "no Date in its preferred form"
    if status in (204, 304) and ("content-length" in named or "transfer-encoding" in named or body):
        return f"a body is framed in a {status}"
    if status not in (204, 304) and "content-length" not in named and "transfer-encoding" not in named:
        return "the end of the body is not framed"
    if body and "content-type" not in named:
        return "a body without Content-Type"
    if named.get("content-type", [""])[0].startswith("text/") and "charset=utf-8" not in named["content-type"][0]:
        return "text without its charset"
    if status == 405 and "allow" not in named:
        return "405 without Allow"
    if status == 401 and "www-authenticate" not in named:
        return "401 without WWW-Authenticate"
    if status in (301, 302, 303, 307, 308) and "location" not in named:
        return "a redirection without Location"
    if status == 503 and "retry-after" not in named:
        return "503 without Retry-After"
    if "content-encoding" in named and "accept-encoding" not in named.get("vary", [""])[0].lower():
        return "a coding without Vary"
    if "last-modified" in named and email.utils.parsedate(named["last-modified"][0]) is None:
        return "a broken Last-Modified"
    if "x-request-id" not in named:
        return "no X-Request-ID"
    return None


def read(methods, data):
    answers = []
    rest = data
    for method in methods:
        if not rest:
            break
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(rest)
        connection.receive_data(b"")
        status, fields, body = None, [], b""
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
                fields = [(n.decode(), v.decode("latin-1")) for n, v in event.headers]
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            elif not isinstance(event, h11.InformationalResponse):
                return answers, f"ended in {event!r}"
        problem = complaint(status, fields, body)
        answers.append({"status": status, "fields": fields, "body": body.decode("latin-1")})
        if problem:
            return answers, f"{status}: {problem}"
        rest = connection.trailing_data[0]
        closes = any(n.lower() == "connection" and "close" in v.lower() for n, v in fields)
        if closes and rest:
            return answers, f"{len(rest)} bytes after an answer that closes"
    return answers, f"{len(rest)} bytes too many" if rest else None


def serve(port):
    parent = os.getppid()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    listener.settimeout(0.5)
    while os.getppid() == parent:
        try:
            peer, _ = listener.accept()
        except socket.timeout:
            continue
        threading.Thread(target=reply, args=(peer,), daemon=True).start()


def reply(peer):
    with peer:
        peer.settimeout(120)
        try:
            question = peer.makefile("rb").read()
            if not question:  # someone looked whether we are here
                return
            question = json.loads(question)
            answers, error = read(question["methods"], base64.b64decode(question["answers"]))
        except (h11.ProtocolError, OSError, ValueError) as problem:
            answers, error = [], str(problem)
        peer.sendall(json.dumps({"answers": answers, "error": error}).encode())


serve(int(sys.argv[1]))
