import Foundation
import GRDB
import HTTPServer

/// `GET /sitemap.xml` and, of a site with more pages than one file should list, `/sitemaps/{part}` (sitemaps.org, 0.9).
struct SiteMapPages: Sendable {
  let store: Store
  let site: Site

  private struct Entry {
    var path: String
    var modified: Date?
  }

  /// The protocol allows 50,000; a file of fewer is written and compressed while nobody waits.
  private static let meetingsPerPart = 10_000
  private static let contentType = "application/xml; charset=utf-8"
  private static let fixed = ["/", "/councils", "/topics", "/search", "/query", "/about", "/privacy", "/accessibility"]

  func index(_ request: Request) async throws -> Response {
    let (subjects, parts) = try await store.read { database in
      (try Self.subjects(database), try Self.parts(database))
    }
    guard parts > 1 else {
      return document(of: subjects + (try await store.read { try Self.meetings(part: 1, $0) }))
    }
    let addresses = (0...parts).map { site.identity.link("/sitemaps/\($0)") }
    let entries = addresses.map { "<sitemap><loc>\(XMLText.escape($0))</loc></sitemap>\n" }.joined()
    return file("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\(entries)</sitemapindex>\n")
  }

  /// Part 0 has everything but meetings.
  func part(_ request: Request) async throws -> Response {
    let name = request.parameter("part")
    guard let part = Int(name), String(part) == name, part >= 0 else { throw Self.notFound }
    let entries = try await store.read { try part == 0 ? Self.subjects($0) : Self.meetings(part: part, $0) }
    guard !entries.isEmpty else { throw Self.notFound }
    return document(of: entries)
  }

  private static let notFound = Refusal.notFound("There is no such part of the site map")

  private static func subjects(_ database: Database) throws -> [Entry] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT '/councils/' || slug AS path, updated_at FROM council
        UNION ALL SELECT '/councils/' || council.slug || '/committees/' || committee.slug, NULL
          FROM committee JOIN council ON council.id = council_id
        UNION ALL SELECT '/topics/' || slug, updated_at FROM topic
        ORDER BY path
        """
    )
    return fixed.map { Entry(path: $0) } + rows.map(entry)
  }

  private static func parts(_ database: Database) throws -> Int {
    let meetings = try Int.fetchOne(database, sql: "SELECT count(*) FROM meeting") ?? 0
    return (meetings + meetingsPerPart - 1) / meetingsPerPart
  }

  /// Of the meetings as they arrived: a full part stays as it is.
  private static func meetings(part: Int, _ database: Database) throws -> [Entry] {
    let (skipped, overflows) = (part - 1).multipliedReportingOverflow(by: meetingsPerPart)
    guard !overflows else { return [] }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT '/councils/' || council.slug || '/meetings/' || meeting.slug AS path, meeting.updated_at
        FROM (SELECT id FROM meeting ORDER BY id LIMIT ? OFFSET ?) AS part
        JOIN meeting ON meeting.id = part.id JOIN council ON council.id = council_id
        """,
      arguments: [meetingsPerPart, skipped]
    ).map(entry)
  }

  private static func entry(_ row: Row) -> Entry {
    Entry(path: row["path"], modified: (row["updated_at"] as Int64?).map(Date.init(milliseconds:)))
  }

  private func document(of entries: [Entry]) -> Response {
    let urls = entries.map { entry in
      let modified = entry.modified.map { "<lastmod>\(RFC3339.format($0))</lastmod>" } ?? ""
      return "<url><loc>\(XMLText.escape(site.identity.link(entry.path)))</loc>\(modified)</url>\n"
    }
    return file("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\(urls.joined())</urlset>\n")
  }

  private func file(_ element: String) -> Response {
    site.document(Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\(element)".utf8), Self.contentType)
  }
}
