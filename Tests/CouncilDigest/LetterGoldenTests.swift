import Foundation
import Mail
import TestSupport
import Testing

@testable import CouncilDigest

/// Every kind of letter as it reads, in files that people look at when they change, and as strangers' programs see it.
/// `COUNCIL_DIGEST_GOLDEN=write swift test --filter Golden` writes the files anew.
@Suite struct LetterGoldenTests {
  private static let folder = Machine.root.appending(path: "Tests/Golden")

  @Test func `letters read as they should`() async throws {
    let specimens = try await LetterSpecimens().all
    for specimen in specimens {
      let text = "Subject: \(specimen.body.subject)\n\n\(specimen.body.text)"
      for (name, content) in [("\(specimen.name).txt", text), ("\(specimen.name).html", specimen.body.html)] {
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["COUNCIL_DIGEST_GOLDEN"] == "write" {
          try Data(content.utf8).write(to: file)
        }
        let golden = try String(contentsOf: file, encoding: .utf8)
        #expect(golden == content, "\(name) reads differently")
      }
    }
    let known = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(Set(known) == Set(specimens.flatMap { ["\($0.name).txt", "\($0.name).html"] }))
  }

  @Test func `text parts are at most 72 columns wide, with each link whole and alone`() async throws {
    for specimen in try await LetterSpecimens().all {
      for line in specimen.body.text.split(separator: "\n") {
        let isLink = line.hasPrefix("http")
        #expect(isLink ? !line.contains(" ") : line.count <= 72, "\(specimen.name): \(line)")
        #expect(isLink || !line.contains("http"), "\(specimen.name): \(line)")
      }
    }
  }

  @Test func `letters on the wire are what mail programs and relays may rely on`() async throws {
    for specimen in try await LetterSpecimens().all {
      let lines = specimen.message.split(separator: 0x0A, omittingEmptySubsequences: false)
      #expect(lines.dropLast().allSatisfy { $0.last == 0x0D }, "a bare LF in \(specimen.name)")
      #expect(lines.allSatisfy { $0.filter { $0 == 0x0D }.count <= 1 && $0.count <= 998 + 1 })
      let body = lines.drop { $0 != [0x0D] }
      #expect(body.allSatisfy { $0.count <= 76 + 1 }, "a long line in the body of \(specimen.name)")
      #expect(specimen.message.allSatisfy { $0 < 0x80 && $0 != 0 })
    }
  }

  @Test func `Python's email reads every letter without a defect`() async throws {
    let script = """
      import sys, email, email.policy
      letter = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
      parts = list(letter.walk())
      defects = [d for p in parts for d in p.defects] + [d for p in parts for h in p.values() for d in h.defects]
      types = [p.get_content_type() for p in parts]
      assert not defects, defects
      assert types == ['multipart/alternative', 'text/plain', 'text/html'], types
      assert letter['Auto-Submitted'] == 'auto-generated'
      assert len(letter['To'].addresses) == 1
      print(letter['Subject'])
      """
    for specimen in try await LetterSpecimens().all {
      let answer = try await Machine.run("/usr/bin/python3", ["-c", script], input: specimen.message)
      #expect(answer.status == 0, "\(specimen.name): \(answer.errors)")
      #expect(answer.output == specimen.body.subject + "\n")
    }
  }

  @Test func `SpamAssassin finds nothing to say against any letter`() async throws {
    let folder = try TemporaryFolder()
    let specimens = try await LetterSpecimens().all
    var mailbox = Data()
    for specimen in specimens {
      let lines = String(decoding: specimen.message, as: UTF8.self).replacing("\r\n", with: "\n")
        .replacing("\nFrom ", with: "\n>From ")
      mailbox += Data("From digest@wyre.example Sat Nov 28 08:00:00 2026\n\(lines)\n\n".utf8)
    }
    try mailbox.write(to: folder.url.appending(path: "mbox"))
    let answer = try await Machine.run(
      Machine.program("spamassassin") ?? "spamassassin",
      ["-L", "-t", "--mbox", "-x", "--siteconfigpath", "/etc/spamassassin", folder.file("mbox")],
      environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
    )
    let scores = answer.output.matches(of: /(?m)^X-Spam-Status: \w+, score=(-?[\d.]+)/).compactMap { Double($0.1) }
    #expect(scores.count == specimens.count, "\(answer.errors)")
    for (specimen, score) in zip(specimens, scores) { #expect(score <= 1.0, "\(specimen.name)") }
  }
}
