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
    waiting.forgetDigests()
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

  @Test func `when few are left the next are found ahead, once, and follow them`() throws {
    var waiting = waiting((1...50).map { mail($0) })
    _ = try take(&waiting, version: 7)
    let early = waiting.startLookingAhead(now: now)
    #expect(!waiting.shouldLookAhead && early == nil, "there are many")
    _ = try take(&waiting, version: 7)
    let first = waiting.startLookingAhead(now: now)
    let known = Set(try #require(first).claims.keys)
    #expect(known == Set(1...50), "those that wait and those that are with workers are not found again")
    let second = waiting.startLookingAhead(now: now)
    #expect(second == nil, "somebody is at it")
    waiting.found(
      digests: .init(letters: [51, 52].map { .init(mail: mail($0), isWanted: true) }.reversed(), version: 8)
    )
    #expect(waiting.exclusions(now: now).claims.count == 52)
    for number in 3...50 {
      #expect(!waiting.shouldLookAhead, "what follows is there")
      let next = try take(&waiting, version: 7)
      #expect(next.mail.id == Int64(number) && next.isWanted == true)
    }
    #expect(waiting.shouldLookAhead, "of those that followed there are few")
    let following = try take(&waiting, version: 7)
    #expect(following.mail.id == 51 && following.isWanted == nil, "it was found when the store was another")
    let last = try take(&waiting, version: 8)
    #expect(last.mail.id == 52 && last.isWanted == true)
    #expect(!waiting.shouldLookAhead && waiting.isEmpty, "with none left the next worker looks itself")
  }

  @Test func `what was found ahead is forgotten with the rest`() {
    var waiting = waiting([mail(1)])
    waiting.found(digests: .init(letters: [.init(mail: mail(2), isWanted: true)], version: 7))
    waiting.forgetDigests()
    #expect(waiting.isEmpty && waiting.exclusions(now: now).claims.isEmpty)
    let none = waiting.take(true, now: now, version: 7)
    #expect(none == nil)
  }

  @Test func `what was found ahead does not leave after hours`() {
    var waiting = waiting([mail(1)])
    let batch = LetterSearch.Batch(letters: [.init(mail: mail(2), isWanted: true)], version: 7, closes: now + 60)
    waiting.found(digests: batch)
    let first = waiting.take(true, now: now, version: 7)
    #expect(first?.mail.id == 1)
    let late = waiting.take(true, now: now + 60, version: 7)
    #expect(late == nil)
  }
}
