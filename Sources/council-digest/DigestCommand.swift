import ArgumentParser
import CouncilDigest
import Foundation

struct DigestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Preview, start and control digest runs.",
    subcommands: [Preview.self, Run.self, Status.self, Approve.self, Pause.self, Resume.self, Cancel.self]
  )

  struct Preview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what a run started now would send. Sends nothing.")
    @OptionGroup var options: SharedOptions

    func run() async throws {
      try await printAnswer(options, "POST", "/api/v1/digest-runs?dry_run=true")
    }
  }

  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start the digest run of this week.",
      discussion: "A week has one run: asking again shows it. Letters leave while `serve` runs."
    )
    @OptionGroup var options: SharedOptions
    @Option(help: "The ISO week, like 2026-W47. Default: the current one.") var week: String?

    func run() async throws {
      let body = try week.map { [UInt8](try JSONEncoder().encode(["week": $0])) } ?? []
      try await printAnswer(options, "POST", "/api/v1/digest-runs", body)
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the latest runs, or one.")
    @OptionGroup var options: SharedOptions
    @Argument(help: "The id of a run.") var id: Int?

    func run() async throws {
      try await printAnswer(options, "GET", "/api/v1/digest-runs" + (id.map { "/\($0)" } ?? "?limit=5"))
    }
  }

  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a run that awaits approval send.")
    @OptionGroup var options: SharedOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await printAnswer(options, "POST", "/api/v1/digest-runs/\(id)/approve") }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop a run after the letters under way.")
    @OptionGroup var options: SharedOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await printAnswer(options, "POST", "/api/v1/digest-runs/\(id)/pause") }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Go on with a paused run.")
    @OptionGroup var options: SharedOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await printAnswer(options, "POST", "/api/v1/digest-runs/\(id)/resume") }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give up a run. What was not sent is not sent any more.")
    @OptionGroup var options: SharedOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await printAnswer(options, "POST", "/api/v1/digest-runs/\(id)/cancel") }
  }
}

private func printAnswer(
  _ options: SharedOptions,
  _ method: String,
  _ path: String,
  _ body: [UInt8] = []
) async throws {
  let configuration = try options.configuration()
  try await explained {
    let answer = try await ServiceCall(configuration).send(method, path, body)
    Terminal.line(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines))
  }
}
