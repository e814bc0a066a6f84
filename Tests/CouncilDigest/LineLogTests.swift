import Foundation
import Logging
import Mail
import Synchronization
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct LineLogTests {
  private func lines(_ format: LineLog.Format, _ body: (inout Logger) -> Void) -> [String] {
    let written = Written()
    var log = Logger(label: "test") { _ in
      LineLog(format, level: .info, now: { Date(timeIntervalSince1970: 1_795_593_600) }) { written.add($0) }
    }
    body(&log)
    return written.lines.withLock { $0 }
  }

  private final class Written: Sendable {
    let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  @Test func `values that could be mistaken are quoted, and an event is one line`() {
    let lines = lines(.logfmt) { log in
      log.notice(
        "digest.sent",
        metadata: ["run": "12", "route": "/confirm/{token}", "error": "a=b \"c\"\nd", "none": ""]
      )
      log.debug("not.this")
      log[metadataKey: "run"] = "7"
      log.error("x")
    }
    #expect(
      lines == [
        #"time=2026-11-25T08:00:00.000Z level=notice event=digest.sent error="a=b \"c\"\nd" none="" route=/confirm/{token} run=12"#
          + "\n",
        "time=2026-11-25T08:00:00.000Z level=error event=x run=7\n",
      ]
    )
  }

  @Test func `JSON is one object a line, in the same order`() {
    let lines = lines(.json) { $0.warning("mail.refused", metadata: ["letter": "1", "why": "a\u{2028}\"b\""]) }
    #expect(
      lines.first?.hasPrefix(
        #"{"time":"2026-11-25T08:00:00.000Z","level":"warning","event":"mail.refused","letter":"1""#
      ) == true
    )
    #expect(lines.first?.hasSuffix("}\n") == true)
  }
}

@Suite struct MachineCheckTests {
  private func findings(_ answer: TextRecords.Answer, _ folder: TemporaryFolder) throws -> [SelfCheck.Finding] {
    let file = folder.file("dkim.pem")
    try DKIMSigner.makePrivateKey().write(toFile: file, atomically: true, encoding: .utf8)
    let configuration = try Configuration.load(
      file: nil,
      environment: [
        "COUNCIL_DIGEST_MAIL_DKIM_KEY_FILE": file, "COUNCIL_DIGEST_STORE_PATH": folder.file("s.sqlite"),
        "COUNCIL_DIGEST_STORE_MIGRATIONS": Machine.root.appending(path: "migrations").path,
      ]
    )
    return MachineCheck(configuration: configuration, textRecords: { _ in answer }).findings()
  }

  @Test func `the published key is compared with ours`() throws {
    let folder = try TemporaryFolder()
    func problem(_ answer: TextRecords.Answer) throws -> SelfCheck.Finding? {
      try findings(answer, folder).first { $0.subject.hasPrefix("published key at digest._domainkey.") }
    }
    #expect(try problem(.none)?.problem?.hasPrefix("there is none; publish v=DKIM1") == true)
    #expect(try problem(.found(["v=DKIM1; p=AAAA"]))?.problem?.hasPrefix("there is another key") == true)
    let unknown = try problem(.unknown("nobody answers"))
    #expect(unknown?.problem == nil && unknown?.note?.contains("It should be v=DKIM1") == true)
    let file = folder.file("dkim.pem")
    let configuration = try Configuration.load(
      file: nil,
      environment: ["COUNCIL_DIGEST_MAIL_DKIM_KEY_FILE": file, "COUNCIL_DIGEST_STORE_PATH": folder.file("s.sqlite")]
    )
    let record = try #require(try configuration.mail.dkim.signer()).dnsRecord.text
    let spaced = record.replacing(";", with: " ; ")
    let finding = MachineCheck(configuration: configuration, textRecords: { _ in .found(["other", spaced]) }).findings()
      .first { $0.subject.hasPrefix("published key") }
    #expect(finding?.problem == nil && finding?.note == nil)
  }

  @Test func `a store that was written in the future tells of a clock that is wrong`() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(filePath: folder.file("s.sqlite")))
    let configuration = try Configuration.load(
      file: nil,
      environment: ["COUNCIL_DIGEST_STORE_PATH": folder.file("s.sqlite")]
    )
    let check = MachineCheck(configuration: configuration, now: Date().addingTimeInterval(-3_600))
    #expect(check.findings().first { $0.subject.hasPrefix("clock") }?.problem?.contains("yet to come") == true)
  }

  @Test func `answers of a name server are read, and broken ones do no harm`() {
    let name = "digest._domainkey.example.org"
    var reply = TextRecords.question(name, 7)
    reply.removeLast(11)
    reply[2] = 0x81
    reply[11] = 0
    reply[7] = 1
    let strings = [[UInt8]("v=DKIM1; ".utf8), [UInt8]("p=AB".utf8)]
    let data = strings.flatMap { [UInt8($0.count)] + $0 }
    reply += [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
    #expect(TextRecords.read(reply, 7) == .found(["v=DKIM1; p=AB"]))
    #expect(TextRecords.read(reply, 8) == .unknown("the answer is not readable"))
    for length in reply.indices { _ = TextRecords.read(Array(reply[..<length]), 7) }
    reply[3] = 3
    reply[7] = 0
    #expect(TextRecords.read(reply, 7) == .none)
  }
}
