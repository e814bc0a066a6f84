import Foundation

/// Has feeds and calendars read by libraries that nobody here wrote: feedparser and icalendar.
public enum FeedReader {
  /// A feed as feedparser understood it: `id`, `title`, `updated`, `links` and `entries`. Times are as they were written.
  public static func atom(_ bytes: [UInt8]) async throws -> [String: Any] {
    try await atoms(["the feed": bytes])["the feed"] ?? [:]
  }

  /// Many feeds at once, by name.
  public static func atoms(_ feeds: [String: [UInt8]]) async throws -> [String: [String: Any]] {
    try await read(
      feeds,
      """
      import feedparser
      type = {"content-type": "application/atom+xml; charset=utf-8"}
      links = lambda thing: {link.rel: link.href for link in thing.links}
      def read(data):
        feed = feedparser.parse(data, response_headers=type, sanitize_html=False, resolve_relative_uris=False)
        if feed.bozo: raise Exception(str(feed.bozo_exception))
        if feed.version != "atom10": raise Exception("not Atom but " + feed.version)
        return {
          "id": feed.feed.id, "title": feed.feed.title, "updated": feed.feed.updated, "links": links(feed.feed),
          "author": feed.feed.author,
          "entries": [{
            "id": entry.id, "title": entry.title, "updated": entry.updated, "published": entry.published,
            "links": links(entry), "summary": entry.get("summary"), "content": entry.content[0].value,
            "type": entry.content[0].type, "tags": [[tag.term, tag.label] for tag in entry.get("tags", [])],
          } for entry in feed.entries],
        }
      """
    )
  }

  /// A calendar as icalendar understood it: its properties by their names, and so each of its `events`. Times are ISO 8601.
  public static func calendar(_ bytes: [UInt8]) async throws -> [String: Any] {
    try await calendars(["the calendar": bytes])["the calendar"] ?? [:]
  }

  /// Many calendars at once, by name.
  public static func calendars(_ calendars: [String: [UInt8]]) async throws -> [String: [String: Any]] {
    for bytes in calendars.values { try checkLines(bytes) }
    return try await read(
      calendars,
      """
      import icalendar
      def plain(value):
        if isinstance(value, list): raise Exception("a property stands twice")
        if hasattr(value, "dt"): return value.dt.isoformat() if hasattr(value.dt, "isoformat") else str(value.dt)
        return value if isinstance(value, int) else str(value)
      def properties(component):
        if component.errors: raise Exception(str(component.errors))
        return {name: plain(value) for name, value in component.items()}
      def read(data):
        calendar = icalendar.Calendar.from_ical(data)
        kinds = {component.name for component in calendar.subcomponents}
        if not kinds <= {"VEVENT"}: raise Exception("unexpected " + str(kinds))
        return {**properties(calendar), "events": [properties(event) for event in calendar.walk("VEVENT")]}
      """
    )
  }

  /// RFC 5545 §3.1: CRLF, 75 octets at most, and no character cut by a fold.
  private static func checkLines(_ bytes: [UInt8]) throws {
    guard bytes.suffix(2) == [0x0D, 0x0A] else { throw TestFault("the last line has no end") }
    for line in bytes.dropLast(2).split(separator: 0x0A, omittingEmptySubsequences: false) {
      let content = line.last == 0x0D ? line.dropLast() : line
      guard content.count < line.count || line.endIndex == bytes.count - 2 else { throw TestFault("a line without CR") }
      guard !content.isEmpty, content.count <= 75 else { throw TestFault("a line of \(content.count) octets") }
      guard String(validating: content, as: UTF8.self) != nil else { throw TestFault("a fold cuts a character") }
      guard !content.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
        throw TestFault("a control character stands in a line")
      }
    }
  }

  /// - Parameter script: Python that defines `read`, which takes the bytes of one.
  private static func read(_ documents: [String: [UInt8]], _ script: String) async throws -> [String: [String: Any]] {
    let encoded = documents.mapValues { Data($0).base64EncodedString() }
    let reading = """
      import sys, json, base64
      found = {}
      for name, data in json.load(sys.stdin).items():
        try: found[name] = read(base64.b64decode(data))
        except Exception as problem: sys.exit(name + ": " + str(problem))
      print(json.dumps(found))
      """
    let answer = try await Machine.run(
      "/usr/bin/python3",
      ["-c", script + "\n" + reading],
      input: [UInt8](try JSONSerialization.data(withJSONObject: encoded))
    )
    guard answer.status == 0,
      let found = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: [String: Any]]
    else {
      throw TestFault("a reader objects (Debian's python3-feedparser and python3-icalendar read): \(answer.errors)")
    }
    return found
  }
}
