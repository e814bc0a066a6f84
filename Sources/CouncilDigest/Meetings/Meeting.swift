import Foundation
import GRDB

/// One sitting of a committee, with the revision that is shown.
struct Meeting: Equatable, Sendable {
  var id: Int64
  var slug: String
  var councilID: Int64
  var councilSlug: String
  var committee: Committee
  var revisionID: Int64
  /// Counts the revisions of this meeting from 1.
  var revisionNumber: Int
  var revisedAt: Date
  var content: MeetingContent
  /// What the operator said; it may stand before there is a summary.
  var publishedAt: Date?
  var announcedAt: Date?
  var notify: Bool?
  var hasTranscript: Bool
  var updatedAt: Date
  /// Where it was first shown, `council/meeting`, when that is elsewhere now.
  var firstShownAt: String?

  /// What never changes about it: slugs of the council and of itself, as they were at first.
  var firstSlugs: (council: String, meeting: String) {
    let slugs = firstShownAt?.split(separator: "/").map(String.init) ?? []
    return slugs.count == 2 ? (slugs[0], slugs[1]) : (councilSlug, slug)
  }

  var path: String { "/councils/\(councilSlug)/meetings/\(slug)" }
}

extension Meeting {
  private static let select = """
    SELECT meeting.id, meeting.slug, meeting.council_id, council.slug AS council_slug, meeting.committee_id,
      committee.slug AS committee_slug, committee.name AS committee_name, meeting.revision_id,
      meeting_revision.number AS revision_number, meeting_revision.created_at AS revised_at,
      meeting_revision.content, meeting.published_at, meeting.announced_at, meeting.notify, meeting.updated_at,
      meeting.first_shown_at,
      EXISTS (SELECT 1 FROM transcript WHERE transcript.meeting_id = meeting.id) AS has_transcript
    FROM meeting
    JOIN council ON council.id = meeting.council_id
    JOIN committee ON committee.id = meeting.committee_id
    JOIN meeting_revision ON meeting_revision.id = meeting.revision_id
    """

  static func find(_ slug: String, council: String, _ database: Database) throws -> Meeting? {
    try Row.fetchOne(
      database,
      sql: "\(select) WHERE council.slug = ? AND meeting.slug = ?",
      arguments: [council, slug]
    ).map(Meeting.init)
  }

  /// By `council/meeting`, as addresses, letters and calls name one: of a council that went into another, the one that
  /// was at that address.
  static func find(reference: String, _ database: Database) throws -> Meeting? {
    let slugs = reference.split(separator: "/").map(String.init)
    guard slugs.count == 2 else { return nil }
    let place = try ReplacedCouncil.place(ofMeeting: slugs[1], council: slugs[0], database)
    guard let place else {
      return try Council.findCurrent(slugs[0], database).flatMap { try find(slugs[1], council: $0.slug, database) }
    }
    return try find(place.meeting, council: place.council, database)
  }

  /// In the order of their ids' list.
  static func fetch(_ ids: [Int64], _ database: Database) throws -> [Meeting] {
    try ids.compactMap { id in
      try Row.fetchOne(database, cached: "\(select) WHERE meeting.id = ?", arguments: [id]).map(Meeting.init)
    }
  }

  /// - Throws: `Refusal.notFound`.
  static func require(_ slug: String, council: String, _ database: Database) throws -> Meeting {
    guard let meeting = try find(slug, council: council, database) else {
      try ReplacedCouncil.leadOn(council, meeting: slug, database)
      throw Refusal.notFound("There is no meeting “\(slug)” of the council “\(council)”")
    }
    return meeting
  }

  /// Meetings that start before `date`, newest first.
  static func past(
    council: Int64,
    committee: Int64? = nil,
    before date: Date,
    limit: Int,
    _ database: Database
  ) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE meeting.council_id = :council AND (:committee IS NULL OR meeting.committee_id = :committee)
          AND meeting.starts_at < :date
        ORDER BY meeting.starts_at DESC, meeting.id DESC LIMIT :limit
        """,
      arguments: ["council": council, "committee": committee, "date": date.milliseconds, "limit": limit]
    ).map(Meeting.init)
  }

  /// Meetings that start at `date` or later, soonest first.
  static func upcoming(
    council: Int64,
    committee: Int64? = nil,
    from date: Date,
    limit: Int,
    _ database: Database
  ) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE meeting.council_id = :council AND (:committee IS NULL OR meeting.committee_id = :committee)
          AND meeting.starts_at >= :date
        ORDER BY meeting.starts_at, meeting.id LIMIT :limit
        """,
      arguments: ["council": council, "committee": committee, "date": date.milliseconds, "limit": limit]
    ).map(Meeting.init)
  }

  /// The newest meetings with a summary, of all councils: by when they were, as on a council's page.
  static func latest(before date: Date, limit: Int, _ database: Database) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: """
        \(select) WHERE meeting.has_summary = 1 AND meeting.starts_at < ?
        ORDER BY meeting.starts_at DESC, meeting.id DESC LIMIT ?
        """,
      arguments: [date.milliseconds, limit]
    ).map(Meeting.init)
  }

  /// The newest meetings with a summary of a council or one of its committees. By when they were, not by when their
  /// summaries came: a past that is brought in all at once does not push the present out.
  static func summarised(
    council: Int64,
    committee: Int64? = nil,
    limit: Int,
    _ database: Database
  ) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE meeting.council_id = :council AND (:committee IS NULL OR meeting.committee_id = :committee)
          AND meeting.has_summary = 1
        ORDER BY meeting.starts_at DESC, meeting.id DESC LIMIT :limit
        """,
      arguments: ["council": council, "committee": committee, "limit": limit]
    ).map(Meeting.init)
  }

  /// Meetings that start within `span`, soonest first; of more than `limit` those nearest to `date`.
  static func around(
    _ date: Date,
    within span: Range<Date>,
    council: Int64,
    committee: Int64? = nil,
    limit: Int,
    _ database: Database
  ) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: """
        \(select)
        WHERE meeting.council_id = :council AND (:committee IS NULL OR meeting.committee_id = :committee)
          AND meeting.starts_at >= :from AND meeting.starts_at < :to
        ORDER BY abs(meeting.starts_at - :date), meeting.id LIMIT :limit
        """,
      arguments: [
        "council": council, "committee": committee, "from": span.lowerBound.milliseconds,
        "to": span.upperBound.milliseconds, "date": date.milliseconds, "limit": limit,
      ]
    ).map(Meeting.init).sorted { ($0.content.start, $0.id) < ($1.content.start, $1.id) }
  }

  /// In the order of their slugs, after `slug`.
  static func list(council: Int64, after slug: String, limit: Int, _ database: Database) throws -> [Meeting] {
    try Row.fetchAll(
      database,
      sql: "\(select) WHERE meeting.council_id = ? AND meeting.slug > ? ORDER BY meeting.slug LIMIT ?",
      arguments: [council, slug, limit]
    ).map(Meeting.init)
  }

  /// For professional readers, and for the editors who put it there.
  static func transcript(of meeting: Int64, _ database: Database) throws -> String? {
    try String.fetchOne(database, sql: "SELECT text FROM transcript WHERE meeting_id = ?", arguments: [meeting])
  }

  private init(row: Row) throws {
    id = row["id"]
    slug = row["slug"]
    councilID = row["council_id"]
    councilSlug = row["council_slug"]
    committee = Committee(id: row["committee_id"], slug: row["committee_slug"], name: row["committee_name"])
    revisionID = row["revision_id"]
    revisionNumber = row["revision_number"]
    revisedAt = Date(milliseconds: row["revised_at"])
    content = try MeetingContent.decode(row["content"])
    publishedAt = (row["published_at"] as Int64?).map(Date.init(milliseconds:))
    announcedAt = (row["announced_at"] as Int64?).map(Date.init(milliseconds:))
    notify = row["notify"]
    hasTranscript = row["has_transcript"]
    updatedAt = Date(milliseconds: row["updated_at"])
    firstShownAt = row["first_shown_at"]
  }
}
