import ArgumentParser
import CouncilDigest
import Foundation

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check configuration, store, disk, clock, the way out for mail and what is published, without sending.",
    discussion: """
      The relay is asked for TLS and a login, as for a letter. Ends with 1 when there is a problem, with 78 when it is the
      configuration.

      Examples:
        council-digest check
        council-digest check --json
      """
  )

  @OptionGroup var options: SharedOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    let configuration = try options.configuration()
    let findings = [SelfCheck.Finding.configuration] + SelfCheck(configuration).findings()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      Terminal.line(String(decoding: try encoder.encode(["items": findings]), as: UTF8.self))
    } else {
      for finding in findings { Terminal.line(Self.line(finding)) }
    }
    guard findings.allSatisfy({ $0.problem == nil }) else { throw ExitCode(1) }
  }

  private static func line(_ finding: SelfCheck.Finding) -> String {
    let mark = finding.problem == nil ? "ok      " : "problem "
    return "\(mark) \(finding.subject)" + ((finding.problem ?? finding.note).map { ": \($0)" } ?? "")
  }
}
