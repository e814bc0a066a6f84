import Foundation
import GRDB
import Mail
import Markdown

/// Something a person has to know or decide.
struct OperatorNotice: Equatable, Sendable {
  var subject: String
  var sentences: [String]
  /// What to type, or where to look.
  var command: String?
  /// Anyone on the web can cause it, so it must not fill a mailbox.
  var isFromPublic = false
  /// It is not said again for so long.
  var onceInSeconds: Double?
}

/// Letters to the operator, when one is named in `operator.notify`.
struct OperatorNotices: Sendable {
  let frame: LetterFrame
  let keys: KeyRing
  let recipient: EmailAddress?
  let now: @Sendable () -> Date

  /// In a day; what is beyond stands in the log and in the lists.
  private static let maximumFromPublic = 20
  private static let maximum = 100

  func queue(_ notice: OperatorNotice, _ database: Database) throws {
    guard let recipient else { return }
    let now = now()
    let lately = try OutgoingMail.count(.operatorNotice, since: now.addingTimeInterval(-86_400), database)
    guard lately < (notice.isFromPublic ? Self.maximumFromPublic : Self.maximum) else { return }
    let body = try body(of: notice)
    if let seconds = notice.onceInSeconds {
      let since = now.addingTimeInterval(-seconds)
      guard try !OutgoingMail.exists(.operatorNotice, subject: body.subject, since: since, database) else { return }
    }
    try OutgoingMail.queue(
      .operatorNotice,
      to: recipient,
      body: body,
      key: keys.current,
      now: now,
      database
    )
  }

  func body(of notice: OperatorNotice) throws -> LetterBody {
    try frame.body(
      "operator-notice",
      .init(
        subject: "[\(frame.site.name)] \(notice.subject)",
        preheader: notice.sentences.first ?? "",
        reason:
          "You have this letter because the configuration of \(frame.site.name) names this address as its operator’s."
      ),
      View(
        subject: notice.subject,
        subjectText: TextWrap.wrap(notice.subject, width: 72),
        sentences: notice.sentences.map { .init(html: WrittenLines($0, linked: false), text: WrittenText.laidOut($0)) },
        command: notice.command
      )
    )
  }

  private struct View {
    struct Sentence {
      var html: WrittenLines
      var text: String
    }

    var subject: String
    var subjectText: String
    var sentences: [Sentence]
    var command: String?
  }
}
