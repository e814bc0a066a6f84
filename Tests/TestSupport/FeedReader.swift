import Foundation

/// Has feeds and calendars read by libraries that nobody here wrote: feedparser and icalendar.
public enum FeedReader {
  /// A feed as feedparser understood it: `id`, `title`, `updated`, `links` and `entries`. Times are as they were written.
  public static func atom(_ bytes: [UInt8]) async throws -> [String: Any] {
    try await read(
      bytes,
      """
      import sys, json, feedparser
      type = {"content-type": "application/atom+xml; charset=utf-8"}
      data = sys.stdin.buffer.read()
      feed = feedparser.parse(data, response_headers=type, sanitize_html=False, resolve_relative_uris=False)
      if feed.bozo: sys.exit(str(feed.bozo_exception))
      if feed.version != "atom10": sys.exit("not Atom but " + feed.version)
      links = lambda thing: {link.rel: link.href for link in thing.links}
      print(json.dumps({
        "id": feed.feed.id, "title": feed.feed.title, "updated": feed.feed.updated, "links": links(feed.feed),
        "author": feed.feed.author,
        "entries": [{
          "id": entry.id, "title": entry.title, "updated": entry.updated, "published": entry.published,
          "links": links(entry), "summary": entry.get("summary"), "content": entry.content[0].value,
          "type": entry.content[0].type, "tags": [[tag.term, tag.label] for tag in entry.get("tags", [])],
        } for entry in feed.entries],
      }))
      """
    )
  }

  /// A calendar as icalendar understood it: its properties by their names, and so each of its `events`. Times are ISO 8601.
  public static func calendar(_ bytes: [UInt8]) async throws -> [String: Any] {
    try checkLines(bytes)
    return try await read(
      bytes,
      """
      import sys, json, icalendar
      calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
      def plain(value):
        if isinstance(value, list): sys.exit("a property stands twice")
        if hasattr(value, "dt"): return value.dt.isoformat() if hasattr(value.dt, "isoformat") else str(value.dt)
        return value if isinstance(value, int) else str(value)
      def properties(component):
        if component.errors: sys.exit(str(component.errors))
        return {name: plain(value) for name, value in component.items()}
      kinds = {component.name for component in calendar.subcomponents}
      if not kinds <= {"VEVENT"}: sys.exit("unexpected " + str(kinds))
      print(json.dumps({**properties(calendar), "events": [properties(event) for event in calendar.walk("VEVENT")]}))
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

  private static func read(_ bytes: [UInt8], _ script: String) async throws -> [String: Any] {
    let answer = try await Machine.run("/usr/bin/python3", ["-c", script], input: bytes)
    guard answer.status == 0,
      let object = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
    else {
      throw TestFault("a reader objects (Debian's python3-feedparser and python3-icalendar read): \(answer.errors)")
    }
    return object
  }
}
