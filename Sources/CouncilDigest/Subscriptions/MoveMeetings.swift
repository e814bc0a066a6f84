import GRDB

/// Gives a council's committees and meetings to another. A committee of the same name is the same committee; a meeting whose
/// slug is taken gets another one, and its address leads on.
struct MoveMeetings {
  private let old: Council
  private let new: Council

  init(from old: Council, to new: Council) {
    (self.old, self.new) = (old, new)
  }

  func callAsFunction(_ database: Database) throws {
    let councils: StatementArguments = ["old": old.id, "new": new.id]
    try renameWhatCollides(database)
    try database.execute(
      sql: """
        UPDATE meeting SET first_shown_at = coalesce(first_shown_at, :slug || '/' || slug) WHERE council_id = :old
        """,
      arguments: ["slug": old.slug, "old": old.id]
    )
    try moveCommittees(database)
    let meetings = try Int64.fetchAll(database, sql: "SELECT id FROM meeting WHERE council_id = ?", arguments: [old.id])
    try database.execute(sql: "UPDATE meeting SET council_id = :new WHERE council_id = :old", arguments: councils)
    for (meeting, text) in try MeetingText.fetch(meetings, database) { try text.put(for: meeting, database) }
    try database.execute(
      sql: "UPDATE OR IGNORE topic_request_council SET council_id = :new WHERE council_id = :old",
      arguments: councils
    )
    try database.execute(sql: "DELETE FROM topic_request_council WHERE council_id = ?", arguments: [old.id])
  }

  private func renameWhatCollides(_ database: Database) throws {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT id, slug FROM meeting
        WHERE council_id = :old AND slug IN (SELECT slug FROM meeting WHERE council_id = :new)
        """,
      arguments: ["old": old.id, "new": new.id]
    )
    for row in rows {
      let (id, slug): (Int64, String) = (row["id"], row["slug"])
      try database.execute(
        sql: "UPDATE meeting SET slug = :free, first_shown_at = coalesce(first_shown_at, :shown) WHERE id = :id",
        arguments: ["free": try free(slug, database), "shown": "\(old.slug)/\(slug)", "id": id]
      )
      // Also under the names its council had before.
      try database.execute(
        sql: """
          INSERT INTO renamed_meeting (council_slug, slug, meeting_id)
          SELECT name, :slug, :id FROM (
            SELECT :council AS name UNION SELECT slug FROM replaced_council WHERE council_id = :old)
          WHERE true ON CONFLICT DO NOTHING
          """,
        arguments: ["slug": slug, "id": id, "council": old.slug, "old": old.id]
      )
    }
  }

  private func free(_ slug: String, _ database: Database) throws -> String {
    let base = Slug(naming: "\(slug.prefix(60)) \(old.slug.prefix(40))")?.description ?? old.slug
    for number in 1...Self.maximumTries {
      let candidate = number == 1 ? base : "\(base)-\(number)"
      let isTaken = try Bool.fetchOne(
        database,
        sql: "SELECT EXISTS (SELECT 1 FROM meeting WHERE council_id IN (?, ?) AND slug = ?)",
        arguments: [old.id, new.id, candidate]
      )
      if isTaken == false { return candidate }
    }
    throw Refusal.conflict("The meeting “\(slug)” is at both councils, and so are all slugs like it")
  }

  private static let maximumTries = 1_000

  private func moveCommittees(_ database: Database) throws {
    let pairs = try Row.fetchAll(
      database,
      sql: """
        SELECT mine.id AS old, theirs.id AS new FROM committee AS mine
        JOIN committee AS theirs ON theirs.council_id = :new AND theirs.slug = mine.slug
        WHERE mine.council_id = :old
        """,
      arguments: ["old": old.id, "new": new.id]
    )
    for pair in pairs {
      let (mine, theirs): (Int64, Int64) = (pair["old"], pair["new"])
      try database.execute(
        sql: "UPDATE meeting SET committee_id = ? WHERE committee_id = ?",
        arguments: [theirs, mine]
      )
      try Subscriptions.move(
        .init(column: "committee_id", key: "committee", old: mine, new: theirs),
        database
      )
      try database.execute(sql: "DELETE FROM committee WHERE id = ?", arguments: [mine])
    }
    try database.execute(
      sql: "UPDATE committee SET council_id = :new WHERE council_id = :old",
      arguments: ["old": old.id, "new": new.id]
    )
  }
}
