import Foundation
import GRDB
import HTTPServer

/// `PUT /api/v1/councils/{council}/meetings/{meeting}`: replaces the whole meeting. What readers see goes into a new
/// revision when it changed; identical content changes nothing.
struct PutMeeting: Sendable {
  let store: Store
  let cache: PageCache
  let maximumAgeDays: Int
  /// What is searched of a meeting changed: its topics may have, too.
  let textChanged: @Sendable (MeetingTextChange, Database) throws -> Void
  /// Looks at the transcript of a meeting.
  let lookAtTranscript: @Sendable (Int64) async throws -> Void

  /// A transcript and a summary at their limits, in JSON's escapes.
  static let bodyLimit = 9 * 1_048_576

  func callAsFunction(_ request: Request, _ change: AuditedChange) async throws -> Response {
    let councilSlug = request.parameter("council")
    let slug = try Slug(segment: request.parameter("meeting"))
    var json = try JSONInput(request)
    json.confirm("slug", is: slug.description, by: "The address")
    json.confirm("council", is: councilSlug, by: "The address")
    let input = try MeetingInput(json: json)
    let now = store.now()
    let (id, item, outcome) = try await store.write { database in
      try ReplacedCouncil.leadOn(councilSlug, meeting: slug.description, database)
      let council = try Council.require(councilSlug, database)
      let before = try MeetingTrace(slug.description, council: councilSlug, database)
      let (meeting, outcome) = try put(slug, of: council, input, now: now, database)
      let after = try MeetingTrace(meeting, correction: input.correction, database)
      try change.record(outcome, of: "councils/\(councilSlug)/meetings/\(slug)", before, after, database)
      return (meeting.id, try MeetingItem(meeting, transcript: input.transcript, database), outcome)
    }
    cache.drop()
    if input.transcript != nil { try await lookAtTranscript(id) }
    return try JSONOutput.response(outcome.status, item)
  }

  func put(
    _ slug: Slug,
    of council: Council,
    _ input: MeetingInput,
    now: Date,
    _ database: Database
  ) throws -> (meeting: Meeting, outcome: PutOutcome) {
    let before = try Meeting.find(slug.description, council: council.slug, database)
    let committee = try Committee.upsert(
      input.committeeSlug,
      name: input.content.committee,
      of: council.id,
      database
    )
    let announcement = try announcement(of: input, before, now: now, database)
    let row = MeetingRow(council.id, committee, slug, input, announcement, now)
    let id = try before?.id ?? row.insert(database)
    let revision = try revision(of: id, input, before, now: now, database)
    try row.update(id, revision: revision, database)
    let isTranscriptNew = try putTranscript(input.transcript, of: id, now: now, database)
    let text = MeetingText(input.content, council: council.slug)
    let isTextNew = before.map { MeetingText($0.content, council: council.slug) } != text
    if isTextNew { try text.put(for: id, database) }
    if isTextNew || isTranscriptNew {
      try textChanged(MeetingTextChange(meeting: id, at: now, wasAnnounced: before?.announcedAt != nil), database)
    }
    let meeting = try Meeting.require(slug.description, council: council.slug, database)
    let outcome = PutOutcome(before, meeting)
    return (meeting, outcome == .unchanged && isTranscriptNew ? .replaced : outcome)
  }

  private func announcement(
    of input: MeetingInput,
    _ before: Meeting?,
    now: Date,
    _ database: Database
  ) throws -> Announcement? {
    guard input.content.summary != nil else { return nil }
    // Cancelled runs count: some of their letters may have left.
    let lastRunEnd = try Int64.fetchOne(database, sql: "SELECT max(window_to) FROM digest_run")
      .map(Date.init(milliseconds:))
    var earlier: (Date, Date)?
    if let before, let published = before.publishedAt, let announced = before.announcedAt {
      earlier = (published, announced)
    }
    return Announcement(
      .init(
        startsAt: input.content.start,
        givenPublishedAt: input.publishedAt,
        earlier: earlier,
        notify: input.notify,
        now: now,
        lastRunEnd: lastRunEnd,
        maximumAgeDays: maximumAgeDays
      )
    )
  }

  private func revision(
    of meeting: Int64,
    _ input: MeetingInput,
    _ before: Meeting?,
    now: Date,
    _ database: Database
  ) throws -> Int64 {
    if let before, before.content == input.content, try isKnown(input.correction, before, database) {
      return before.revisionID
    }
    try database.execute(
      sql: """
        INSERT INTO meeting_revision (meeting_id, number, content, correction, created_at)
        SELECT :meeting, coalesce(max(number), 0) + 1, :content, :correction,
          -- Never within what a run has closed over: its readers would not hear of the correction.
          max(:now, coalesce((SELECT max(window_to) FROM digest_run), 0) + 1)
        FROM meeting_revision WHERE meeting_id = :meeting
        """,
      arguments: [
        "meeting": meeting, "content": try input.content.encoded(), "correction": input.correction,
        "now": now.milliseconds,
      ]
    )
    return database.lastInsertedRowID
  }

  /// Whether the revision that is shown carries this correction already, or none was given.
  private func isKnown(_ correction: String?, _ meeting: Meeting, _ database: Database) throws -> Bool {
    guard let correction else { return true }
    let known = try String.fetchOne(
      database,
      sql: "SELECT correction FROM meeting_revision WHERE id = ?",
      arguments: [meeting.revisionID]
    )
    return known == correction
  }

  /// - Returns: whether it is another than before.
  private func putTranscript(
    _ transcript: String?,
    of meeting: Int64,
    now: Date,
    _ database: Database
  ) throws -> Bool {
    guard let transcript else {
      try database.execute(cached: "DELETE FROM transcript WHERE meeting_id = ?", arguments: [meeting])
      return database.changesCount > 0
    }
    try database.execute(
      cached: """
        INSERT INTO transcript (meeting_id, text, put_at)
        -- Never within what a run has closed over, either.
        VALUES (?, ?, max(?, coalesce((SELECT max(window_to) FROM digest_run), 0) + 1))
        ON CONFLICT (meeting_id) DO UPDATE SET text = excluded.text, put_at = excluded.put_at
        WHERE text <> excluded.text
        """,
      arguments: [meeting, transcript, now.milliseconds]
    )
    return database.changesCount > 0
  }
}

/// The words of a meeting that are searched, or those of its transcript, are others than before.
struct MeetingTextChange: Sendable {
  var meeting: Int64
  var at: Date
  /// Its readers may have had it already.
  var wasAnnounced: Bool
}

/// The columns of `meeting` that a PUT sets.
private struct MeetingRow {
  let arguments: StatementArguments

  init(
    _ council: Int64,
    _ committee: Int64,
    _ slug: Slug,
    _ input: MeetingInput,
    _ announcement: Announcement?,
    _ now: Date
  ) {
    arguments = [
      "council": council, "committee": committee, "slug": slug.description,
      "starts": input.content.start.milliseconds, "status": input.content.status.rawValue,
      "summary": input.content.summary != nil,
      "published": (announcement?.publishedAt ?? input.publishedAt)?.milliseconds,
      "announced": announcement?.announcedAt.milliseconds, "mailed": announcement?.isMailed ?? true,
      "notify": input.notify, "now": now.milliseconds,
    ]
  }

  func insert(_ database: Database) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO meeting (council_id, committee_id, slug, starts_at, status, has_summary, published_at,
          announced_at, is_mailed, notify, created_at, updated_at)
        VALUES (:council, :committee, :slug, :starts, :status, :summary, :published, :announced, :mailed, :notify,
          :now, :now)
        """,
      arguments: arguments
    )
    return database.lastInsertedRowID
  }

  /// Writes only what differs, so that an identical PUT leaves `updated_at` as it was.
  func update(_ id: Int64, revision: Int64, _ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE meeting SET committee_id = :committee, starts_at = :starts, status = :status, has_summary = :summary,
          published_at = coalesce(:published, published_at), announced_at = coalesce(:announced, announced_at),
          is_mailed = :mailed, notify = :notify, revision_id = :revision, updated_at = :now
        WHERE id = :id AND slug = :slug AND council_id = :council AND (
          committee_id <> :committee OR revision_id IS NOT :revision OR notify IS NOT :notify
          OR is_mailed <> :mailed OR (:published IS NOT NULL AND published_at IS NOT :published)
          OR (:announced IS NOT NULL AND announced_at IS NOT :announced))
        """,
      arguments: arguments + ["id": id, "revision": revision]
    )
  }
}
