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

  private func open() throws -> SentJournal { try SentJournal(besideStoreAt: folder.file("s.sqlite")) }

  @Test func `what was appended is there for who opens it next, in its generation only`() throws {
    let journal = try open()
    try journal.append(Array(entries[..<2]), generation: 7)
    try journal.append(Array(entries[2...]), generation: 7)
    #expect(try open().read(generation: 7) == entries)
    #expect(try open().read(generation: 8).isEmpty)
  }

  @Test func `a new generation begins at the front, and what stands behind it counts no more`() throws {
    let journal = try open()
    try journal.append(entries, generation: 7)
    journal.begin()
    try journal.append([entries[4]], generation: 8)
    #expect(try open().read(generation: 8) == [entries[4]])
    #expect(try open().read(generation: 7).isEmpty)
  }

  @Test func `a line that was torn ends it`() throws {
    try open().append(entries, generation: 7)
    let file = try #require(FileHandle(forUpdatingAtPath: folder.file("s.sqlite-sent")))
    // In the middle of the fourth.
    try file.seek(toOffset: 3 * 32 + 12)
    try file.write(contentsOf: Data([0xFF]))
    try file.close()
    #expect(try open().read(generation: 7) == Array(entries[..<3]))
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
    let journal = try SentJournal(besideStoreAt: chain.services.store.path)
    try journal.append([.init(letter: job.mail.id, sentAt: chain.clock.now)], generation: generation)
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
