import ArgumentParser
import CouncilDigest
import Foundation

struct HoldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold",
    abstract: "Hold digests back until they are released, and say what would be caught up.",
    discussion: """
      After a restore digests are held already. Confirmations and other letters that people wait for leave meanwhile.

      Examples:
        council-digest hold --reason "the summaries of Tuesday are wrong"
        council-digest hold --status
      """
  )
  @OptionGroup var options: CallOptions
  @Flag(help: "Only look; hold nothing.") var status = false
  @Option(help: "Why, for whoever looks later.") var reason: String?

  func run() async throws {
    guard !status else { return try await options.print("GET", "/api/v1/hold", as: RunReport.hold) }
    var wish: [String: Any] = ["hold": true]
    wish["reason"] = reason
    let body = [UInt8](try JSONSerialization.data(withJSONObject: wish))
    try await options.print("POST", "/api/v1/hold", body, as: RunReport.hold)
  }
}

struct ReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Let digests leave again.",
    discussion: """
      Examples:
        council-digest release resend
        council-digest release treat_as_sent_until --until 2026-11-21T08:00:00Z
      """
  )

  enum Way: String, ExpressibleByArgument, CaseIterable {
    case resend
    case treatAsSentUntil = "treat_as_sent_until"
  }

  @OptionGroup var options: CallOptions
  @Argument(
    help:
      "resend: everyone gets what was announced since their last digest. treat_as_sent_until: what is older is not sent; letters that carry any of it are cancelled, and what is newer goes on or into the next digest."
  )
  var way: Way
  @Option(help: "With treat_as_sent_until: a time, for example 2026-11-21T08:00:00Z.") var until: String?

  func validate() throws {
    guard way == .treatAsSentUntil else {
      if until != nil { throw ValidationError("--until is for treat_as_sent_until") }
      return
    }
    guard let until else { throw ValidationError("treat_as_sent_until needs --until and a time") }
    try Usage.require(until, isTimeFor: "--until")
  }

  func run() async throws {
    var wish: [String: Any] = ["release": way.rawValue]
    wish["until"] = until
    let body = [UInt8](try JSONSerialization.data(withJSONObject: wish))
    try await options.print("POST", "/api/v1/hold", body, as: RunReport.hold)
  }
}
