import GRDB

/// A council that was merged into another, or renamed: what is left is its address, which leads on.
enum ReplacedCouncil {
  /// The council that took the place of the one with this slug.
  static func successor(of slug: String, _ database: Database) throws -> Council? {
    try Row.fetchOne(
      database,
      cached: """
        SELECT \(Council.columns) FROM replaced_council JOIN council ON council.id = replaced_council.council_id
        WHERE replaced_council.slug = ?
        """,
      arguments: [slug]
    ).map(Council.init)
  }

  /// The slugs that lead to a council.
  static func slugs(leadingTo council: Int64, _ database: Database) throws -> [String] {
    try String.fetchAll(
      database,
      sql: "SELECT slug FROM replaced_council WHERE council_id = ? ORDER BY slug",
      arguments: [council]
    )
  }

  /// The slugs of a meeting that could not keep its own.
  static func place(
    ofMeeting meeting: String,
    council: String,
    _ database: Database
  ) throws -> (council: String, meeting: String)? {
    try Row.fetchOne(
      database,
      cached: """
        SELECT council.slug AS council, meeting.slug AS meeting
        FROM renamed_meeting JOIN meeting ON meeting.id = renamed_meeting.meeting_id
        JOIN council ON council.id = meeting.council_id
        WHERE renamed_meeting.council_slug = ? AND renamed_meeting.slug = ?
        """,
      arguments: [council, meeting]
    ).map { ($0["council"], $0["meeting"]) }
  }

  /// - Throws: `Refusal.moved` when this meeting could not keep its slug.
  static func leadOn(_ council: String, meeting: String, _ database: Database) throws {
    guard let place = try place(ofMeeting: meeting, council: council, database) else { return }
    throw Refusal.moved(
      from: "/councils/\(council)/meetings/\(meeting)",
      to: "/councils/\(place.council)/meetings/\(place.meeting)"
    )
  }

  static func remember(_ council: Council, leadingTo successor: Council, now: Int64, _ database: Database) throws {
    try database.execute(
      sql: "UPDATE replaced_council SET council_id = ? WHERE council_id = ?",
      arguments: [successor.id, council.id]
    )
    try database.execute(
      sql: "INSERT INTO replaced_council (slug, name, council_id, replaced_at) VALUES (?, ?, ?, ?)",
      arguments: [council.slug, council.name, successor.id, now]
    )
  }

  /// Of a council that this store never had.
  /// - Returns: whether it did not lead there already.
  static func leadNew(_ slug: String, to council: Council, now: Int64, _ database: Database) throws -> Bool {
    try database.execute(
      sql: """
        INSERT INTO replaced_council (slug, name, council_id, replaced_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
      arguments: [slug, slug, council.id, now]
    )
    return database.changesCount > 0
  }

  /// The slug is a council's again.
  static func forget(_ slug: String, _ database: Database) throws {
    try database.execute(sql: "DELETE FROM replaced_council WHERE slug = ?", arguments: [slug])
    try database.execute(sql: "DELETE FROM renamed_meeting WHERE council_slug = ?", arguments: [slug])
  }
}
