import Foundation
import GRDB
import HTTPServer
import Mail

/// A reader asks for their letters to go to another address. Both sides are asked: the new address has to confirm, and the
/// old one hears of it and may stop it. The answer never tells whether the new address is known here.
struct ChangeAddress: Sendable {
  let store: Store
  let letters: ReaderLetters
  let admission: SignupAdmission
  let mailQueued: @Sendable () -> Void

  /// - Throws: `Refusal.invalid` about the field `email`; `Refusal.tooMany`.
  func callAsFunction(_ text: String, for id: Int64, _ request: Request) async throws {
    let address: EmailAddress
    do {
      address = try EmailAddress(parsing: text)
    } catch {
      throw Refusal.invalid([FieldProblem("email", error.description)])
    }
    let (question, notice) = (try letters.addressChange(), try letters.addressNotice())
    let now = store.now()
    try await store.write { [admission, keys = store.keys] database in
      guard let subscriber = try Subscriber.find(id: id, database), subscriber.state == .active else { return }
      guard subscriber.email != address.description else {
        throw Refusal.invalid([FieldProblem("email", "Your letters go to this address already")])
      }
      try Self.requireFewLately(subscriber.id, admission.caps, now: now, database)
      try admission.admit(request, database)
      let change = try Self.insert(address, for: subscriber.id, now: now, database)
      // Who is suppressed here at the new address is not hindered: it is they who have to answer.
      if try admission.mayMail(.addressChange, to: address, now: now, database) {
        try OutgoingMail.queue(
          .addressChange,
          to: address,
          body: question,
          referenceID: change,
          key: keys.current,
          now: now,
          database
        )
      }
      try OutgoingMail.queue(
        .addressNotice,
        to: try EmailAddress(parsing: subscriber.email),
        body: notice,
        subscriberID: subscriber.id,
        referenceID: change,
        key: keys.current,
        now: now,
        database
      )
    }
    mailQueued()
  }

  /// The old address gets a letter each time, which no cap on sign-ups holds back.
  private static func requireFewLately(
    _ subscriber: Int64,
    _ caps: SignupCaps,
    now: Date,
    _ database: Database
  ) throws {
    guard caps.confirmationsPerAddressPerWeek > 0 else { return }
    let lately = try Int.fetchOne(
      database,
      sql: "SELECT count(*) FROM address_change WHERE subscriber_id = ? AND requested_at > ?",
      arguments: [subscriber, now.addingTimeInterval(-7 * 86_400).milliseconds]
    )
    guard let lately, lately >= caps.confirmationsPerAddressPerWeek else { return }
    throw Refusal.invalid([
      FieldProblem("email", "You have asked for a change \(lately) times this week. Try again next week")
    ])
  }

  /// It takes the place of one that still waits.
  private static func insert(
    _ address: EmailAddress,
    for subscriber: Int64,
    now: Date,
    _ database: Database
  ) throws -> Int64 {
    try database.execute(
      sql: """
        UPDATE address_change SET state = 'replaced', email = '', ended_at = ?
        WHERE subscriber_id = ? AND state = 'waiting'
        """,
      arguments: [now.milliseconds, subscriber]
    )
    try database.execute(
      sql: "INSERT INTO address_change (subscriber_id, email, state, requested_at) VALUES (?, ?, 'waiting', ?)",
      arguments: [subscriber, address.description, now.milliseconds]
    )
    return database.lastInsertedRowID
  }
}
