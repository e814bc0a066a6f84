import ArgumentParser
import CouncilDigest
import Foundation

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check configuration, store and the way out for mail, without sending."
  )

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let configuration = try options.configuration()
    Terminal.line("ok       configuration")
    let findings = SelfCheck(configuration).findings()
    for finding in findings {
      Terminal.line(
        "\(finding.problem == nil ? "ok      " : "problem ") \(finding.subject)\(finding.problem.map { ": \($0)" } ?? "")"
      )
    }
    guard findings.allSatisfy({ $0.problem == nil }) else { throw ExitCode(1) }
  }
}
