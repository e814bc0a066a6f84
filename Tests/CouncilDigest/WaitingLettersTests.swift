import Foundation
import Mail
import Testing

@testable import CouncilDigest

@Suite struct WaitingLettersTests {
  private let now = Date(timeIntervalSince1970: 1_795_000_000)

  private func mail(_ id: Int64, edition: Int64 = 1, to recipient: String = "ann@example.org") -> OutgoingMail {
    OutgoingMail(
      id: id,
      kind: .digest,
      recipient: recipient,
      subscriberID: id,
      runID: 1,
      editionID: edition,
      date: now,
      keyID: 1,
      attempts: 0,
      unreadReplies: 0,
      expiresAt: now + 1,
      windowStart: 0
    )
  }

  private func envelope(_ text: String) throws -> Envelope {
    let address = try EmailAddress(parsing: "ann@example.org")
    return Envelope(sender: address, recipient: address, content: LetterBytes(Array(text.utf8)))
  }

  /// Found in this order.
  private func waiting(_ letters: [OutgoingMail]) -> WaitingLetters {
    var waiting = WaitingLetters()
    waiting.found(urgent: [], isMore: false)
    waiting.found(digests: .init(letters: letters.reversed().map { .init(mail: $0, isWanted: true) }, version: 7))
    return waiting
  }

  private func take(_ waiting: inout WaitingLetters, version: Int) throws -> WaitingLetters.Taken {
    let taken = waiting.take(true, now: now, version: version)
    return try #require(taken)
  }

  @Test func `a letter composed ahead comes with its bytes when its turn comes`() throws {
    var waiting = waiting([mail(1), mail(2), mail(3), mail(4), mail(5, edition: 2)])
    let first = try take(&waiting, version: 7)
    #expect(first.mail.id == 1 && first.envelope == nil)
    let ahead = waiting.startComposing(after: first.mail, limit: 15)
    #expect(ahead.map(\.id) == [2, 3, 4], "those of its edition")
    let others = waiting.startComposing(after: first.mail, limit: 15)
    #expect(others.isEmpty, "one worker is at it")
    let second = try take(&waiting, version: 7)
    #expect(second.mail.id == 2 && second.envelope == nil, "nobody waits for it")
    waiting.composed(try ahead.map { ($0, try envelope("\($0.id)")) })
    let third = try take(&waiting, version: 7)
    #expect(third.mail.id == 3 && third.isWanted == true)
    #expect(third.envelope == (try envelope("3")))
    let fourth = try take(&waiting, version: 8)
    #expect(fourth.isWanted == nil, "what was composed is still looked at when something changed")
    #expect(fourth.envelope == (try envelope("4")))
    let last = try take(&waiting, version: 8)
    #expect(last.mail.id == 5 && last.envelope == nil)
    let none = waiting.take(true, now: now, version: 8)
    #expect(none == nil)
  }

  @Test func `a letter that is another one by now is composed anew`() throws {
    var waiting = waiting([mail(1), mail(2), mail(3)])
    let first = try take(&waiting, version: 7)
    let ahead = waiting.startComposing(after: first.mail, limit: 15)
    waiting.found(
      digests: .init(
        letters: [.init(mail: mail(3), isWanted: true), .init(mail: mail(2, to: "bob@example.org"), isWanted: true)],
        version: 7
      )
    )
    waiting.composed(try ahead.map { ($0, try envelope("\($0.id)")) })
    let second = try take(&waiting, version: 7)
    #expect(second.mail.recipient == "bob@example.org" && second.envelope == nil)
    let next = waiting.startComposing(after: second.mail, limit: 1)
    #expect(next.map(\.id) == [3], "the next worker may")
  }
}
