import Foundation
import GRDB
import Markdown

/// Merges councils into another, all in one transaction: meetings and committees, followers, queries and addresses. Each
/// follower hears of it by one letter. A council that has gone into it before is passed over.
struct ReplaceCouncils: Sendable {
  let store: Store
  let letters: LetterFrame

  /// - Returns: whether there was anything to do.
  func callAsFunction(
    _ slugs: [Slug],
    _ council: Council,
    _ change: AuditedChange,
    _ database: Database
  ) throws -> Bool {
    let replaced = try Self.councils(slugs, council, database)
    guard !replaced.isEmpty else { return false }
    // A plan has read what councils there are.
    let isPlanning = try Bool.fetchOne(
      database,
      sql: "SELECT EXISTS (SELECT 1 FROM digest_run WHERE state = 'planning')"
    )
    guard isPlanning != true else {
      throw Refusal.conflict("A digest run is being put together. Try again in a minute")
    }
    let now = store.now()
    let followers = try queueLetters(replaced, council, now: now, database)
    for old in replaced {
      try MoveMeetings(from: old, to: council)(database)
      try MoveFollowers(from: old, to: council)(now: now, database)
      try MoveQueries(from: old, to: council)(now: now, database)
      try ReplacedCouncil.remember(old, leadingTo: council, now: now.milliseconds, database)
      try database.execute(sql: "DELETE FROM council WHERE id = ?", arguments: [old.id])
      try change.record(
        "replace",
        of: "councils/\(old.slug)",
        before: ["name": old.name],
        after: ["by": council.slug, "followers_told": String(followers)],
        database
      )
    }
    return true
  }

  /// Those that are there; one that leads to the council already is done with.
  private static func councils(_ slugs: [Slug], _ council: Council, _ database: Database) throws -> [Council] {
    var found: [Council] = []
    for (index, slug) in slugs.enumerated() {
      func refuse(_ problem: String) -> Refusal { .invalid([FieldProblem("/replaces/\(index)", problem)]) }
      guard slug.description != council.slug else { throw refuse("A council can’t replace itself") }
      if let old = try Council.find(slug.description, database) {
        if !found.contains(old) { found.append(old) }
      } else if let successor = try ReplacedCouncil.successor(of: slug.description, database) {
        let isInList = slugs.contains { $0.description == successor.slug }
        guard successor.id == council.id || isInList else {
          throw refuse("“\(slug)” was replaced by “\(successor.slug)”")
        }
      } else {
        throw refuse("There is no council “\(slug)”")
      }
    }
    return found
  }

  /// - Returns: to how many.
  private func queueLetters(
    _ replaced: [Council],
    _ council: Council,
    now: Date,
    _ database: Database
  ) throws -> Int {
    let body = try letters.replaced(replaced, by: council).insert(database)
    let kind = OutgoingMail.Kind.councilReplaced
    // Due now, and not before: what people wait for overtakes them.
    try database.execute(
      sql: """
        INSERT INTO outgoing_mail (kind, recipient, subscriber_id, letter_body_id, date, key_id, is_urgent, state,
          next_attempt_at, expires_at)
        SELECT :kind, email, id, :body, :now, :key, 1, 'queued', :now, :expires FROM subscriber
        WHERE state = 'active' AND id IN (
          SELECT subscriber_id FROM subscription
          WHERE state = 'active' AND council_id IN (SELECT value FROM json_each(:councils)))
        """,
      arguments: [
        "kind": kind.rawValue, "body": body, "now": now.milliseconds, "key": store.keys.current,
        "expires": now.milliseconds + kind.usefulFor.milliseconds,
        "councils": JSONNumbers.array(replaced.map(\.id)),
      ]
    )
    return database.changesCount
  }
}

extension LetterFrame {
  private struct Replaced {
    var old: [[String: String]]
    var isOne: Bool
    var new: String
    var newText: String
    var link: String
    var site: String
  }

  /// The letter to those who follow a council that has another name now, or went into another.
  func replaced(_ councils: [Council], by council: Council) throws -> LetterBody {
    try body(
      "council-replaced",
      .init(
        subject: councils.count == 1
          ? "\(councils[0].shortName) is now \(council.shortName)" : "Your councils are now \(council.shortName)",
        preheader: "You need do nothing: your weekly summary goes on.",
        reason: "You follow a council that has changed.",
        unsubscribeLink: LetterBody.Slot.unsubscribe.marker,
        preferencesLink: LetterBody.Slot.preferences.marker
      ),
      Replaced(
        old: councils.map { ["name": $0.name, "nameText": TextWrap.wrap($0.name, width: 70)] },
        isOne: councils.count == 1,
        new: council.name,
        newText: TextWrap.wrap("\(council.name).", width: 72),
        link: site.link(council.path),
        site: site.name
      )
    )
  }
}
