import Foundation
import GRDB

/// A digest letter as it is stored, with what it carried.
struct DigestLetterRecord {
  var week: String
  var state: OutgoingMail.State
  var run: DigestRun.State
  var content: String
  var from: Date?
  var finishedAt: Date?

  static func find(run: Int64, subscriber: Int64, _ database: Database) throws -> DigestLetterRecord? {
    try fetch("outgoing_mail.run_id = ? AND outgoing_mail.subscriber_id = ?", [run, subscriber], database)
  }

  /// It has left, or is to leave.
  var isOnItsWay: Bool {
    switch state {
    case .queued, .sent, .uncertain: true
    case .failed, .cancelled: false
    }
  }

  /// Where a letter stands beside a week.
  enum Place: String {
    case before = "<"
    case after = ">"
  }

  /// The latest before or after a week that was sent with any text of the meeting.
  static func carrying(
    _ meeting: Meeting,
    to subscriber: Int64,
    _ place: Place,
    _ week: ISOWeek,
    _ database: Database
  ) throws -> DigestLetterRecord? {
    try fetch(
      """
      outgoing_mail.subscriber_id = ? AND outgoing_mail.state IN ('sent', 'uncertain')
        AND digest_run.week \(place.rawValue) ?
        AND EXISTS (
          SELECT 1 FROM edition_item JOIN meeting_revision ON meeting_revision.id = edition_item.revision_id
          WHERE edition_item.edition_id = outgoing_mail.edition_id AND meeting_revision.meeting_id = ?)
      """,
      [subscriber, week.description, meeting.id],
      database
    )
  }

  private static func fetch(
    _ condition: String,
    _ arguments: StatementArguments,
    _ database: Database
  ) throws -> DigestLetterRecord? {
    try Row.fetchOne(
      database,
      sql: """
        SELECT digest_run.week, outgoing_mail.state, edition.content, outgoing_mail.window_from,
          outgoing_mail.finished_at, digest_run.state AS run_state
        FROM outgoing_mail
        JOIN edition ON edition.id = outgoing_mail.edition_id
        JOIN digest_run ON digest_run.id = outgoing_mail.run_id
        WHERE \(condition) ORDER BY outgoing_mail.run_id DESC LIMIT 1
        """,
      arguments: arguments
    ).flatMap(DigestLetterRecord.init)
  }

  private init?(row: Row) {
    guard let state = OutgoingMail.State(rawValue: row["state"]), let run = DigestRun.State(rawValue: row["run_state"])
    else { return nil }
    (self.state, self.run) = (state, run)
    week = row["week"]
    content = row["content"]
    from = (row["window_from"] as Int64?).map(Date.init(milliseconds:))
    finishedAt = (row["finished_at"] as Int64?).map(Date.init(milliseconds:))
  }

  func fate(_ dates: ReadableDate) -> String {
    let when = finishedAt.map { " on \(dates.dayAndTime($0))" } ?? ""
    return switch state {
    case .queued: "Their letter of \(week) \(wait)."
    case .sent: "Their letter of \(week) was accepted by the relay\(when)."
    case .failed: "Their letter of \(week) failed\(when)."
    case .uncertain: "Whether their letter of \(week) was accepted is not known; the relay’s reply was lost\(when)."
    case .cancelled: "Their letter of \(week) was cancelled\(when)."
    }
  }

  private var wait: String {
    switch run {
    case .planning, .sending: "is waiting to leave"
    case .awaitingApproval: "leaves when the run is approved"
    case .paused: "leaves when the run, which is paused, is resumed"
    case .sent, .cancelled: "does not leave: its run is over"
    }
  }
}
