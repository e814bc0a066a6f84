import Foundation
import GRDB
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct SentJournalTests {
  private let folder: TemporaryFolder
  private let entries = (1...5).map {
    SentJournal.Entry(letter: Int64($0), sentAt: Date(milliseconds: 1_800_000_000_000 + Int64($0)))
  }

  init() throws { folder = try TemporaryFolder() }

  private func open(_ generation: Int64 = 7) throws -> SentJournal {
    try SentJournal(besideStoreAt: folder.file("s.sqlite"), generation: generation)
  }

  @Test(arguments: [
    (
      SentJournalLine(generation: 7, content: .heading(follows: 0)),
      "07000000000000000000000000000000ffffffffffffffff97caa8a2e75daf40"
    ),
    (
      SentJournalLine(
        generation: 7,
        content: .taken(.init(letter: 1, sentAt: Date(milliseconds: 1_800_000_000_001)))
      ),
      "0700000000000000010000000000000001505c18a30100002c85dc87d15d239b"
    ),
  ])
  func `a line is the same bytes in every version`(_ line: SentJournalLine, _ hexadecimal: String) {
    var bytes: [UInt8] = []
    line.encode(to: &bytes)
    #expect(Data(bytes).hexadecimal == hexadecimal && SentJournalLine(decoding: bytes[...]) == line)
    for place in bytes.indices {
      var torn = bytes
      torn[place] ^= 1
      #expect(SentJournalLine(decoding: torn[...]) == nil)
    }
  }

  @Test func `what was appended is there for who opens it next, in its generation only`() throws {
    let journal = try open()
    try journal.append(Array(entries[..<2]))
    try journal.append(Array(entries[2...]))
    #expect(try open().read() == entries)
    #expect(try open(8).read().isEmpty)
  }

  @Test
  func
    `while the letters of one half are on their way, those of the other count with them, and alone once they are through`()
    throws
  {
    let journal = try open()
    try journal.append(Array(entries[..<2]))
    let next = journal.turnOver()
    #expect(try open().read() == Array(entries[..<2]), "nothing is lost where no letter follows")
    try journal.append([entries[2]])
    try journal.append([entries[3]])
    #expect(try open().read() == Array(entries[..<4]), "the store has not moved on")
    #expect(try open(next).read() == Array(entries[2..<4]), "it has")
    let third = journal.turnOver()
    try journal.append([entries[4]])
    #expect(try open().read().isEmpty, "that half was written over")
    #expect(try open(next).read() == Array(entries[2...]))
    #expect(try open(third).read() == [entries[4]])
  }

  @Test func `a letter that stands in both halves counts once`() throws {
    let journal = try open()
    try journal.append(Array(entries[..<3]))
    _ = journal.turnOver()
    try journal.append(Array(entries[2...]))
    #expect(try open().read() == entries)
  }

  @Test func `a half holds as many as it says`() throws {
    let journal = try open()
    #expect(journal.room == SentJournal.capacity)
    let many = (1...Int64(SentJournal.capacity)).map { SentJournal.Entry(letter: $0, sentAt: entries[0].sentAt) }
    try journal.append(many)
    #expect(journal.room == 0)
    _ = journal.turnOver()
    let others = entries.map { SentJournal.Entry(letter: -$0.letter, sentAt: $0.sentAt) }
    try journal.append(others)
    #expect(journal.room == SentJournal.capacity - entries.count)
    #expect(try open().read() == many + others)
  }

  @Test func `a journal of before there were halves is read`() throws {
    let journal = try open()
    try journal.append(entries)
    let url = URL(fileURLWithPath: folder.file("s.sqlite-sent"))
    // It had no heading, and was half as long.
    let lines = try Data(contentsOf: url).dropFirst(32).prefix(4_096 * 32 - 32) + Data(count: 32)
    try lines.write(to: url)
    #expect(try open().read() == entries)
    #expect(try open(8).read().isEmpty)
  }

  @Test func `a line that was torn ends it`() throws {
    try open().append(entries)
    let file = try #require(FileHandle(forUpdatingAtPath: folder.file("s.sqlite-sent")))
    // In the middle of the fourth after the heading.
    try file.seek(toOffset: 4 * 32 + 12)
    try file.write(contentsOf: Data([0xFF]))
    try file.close()
    #expect(try open().read() == Array(entries[..<3]))
  }

  @Test func `letters that were journalled are sent for the process that starts next`() async throws {
    let chain = try await Chain("2026-11-23T12:00:00Z")
    for number in 0..<3 { try await chain.subscribe("r\(number)@example.org") }
    try await chain.publish("a")
    try chain.clock.move(to: "2026-11-28T08:00:00Z")
    await chain.services.scheduler.work()
    let job = try #require(try chain.services.queue.take())
    let generation = try await chain.services.store.read { try ApplySentLetters.generation($0) }
    // As a process does that dies before it has brought the letter over.
    let journal = try SentJournal(besideStoreAt: chain.services.store.path, generation: generation)
    try journal.append([.init(letter: job.mail.id, sentAt: chain.clock.now)])
    let restarted = try chain.restarted()
    let run = try #require(try await chain.runs().first)
    #expect(try await chain.services.store.read { try run.counts($0) }.sent == 1)
    var others: Set<String> = []
    while let next = try restarted.take() { others.insert(next.mail.recipient) }
    #expect(others.count == 2 && !others.contains(job.mail.recipient))
    // Once: its generation is over.
    _ = try chain.restarted()
    #expect(try await chain.services.store.read { try run.counts($0) }.sent == 1)
  }
}
