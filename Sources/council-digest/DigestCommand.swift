import ArgumentParser
import CouncilDigest
import Foundation

struct DigestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Preview, start, watch and control digest runs.",
    discussion: """
      Examples:
        council-digest digest preview                     what the next run would send
        council-digest digest run --watch                 start this week's, and see it leave
        council-digest digest explain --subscriber ann@example.org --meeting wyre/2026-11-17-cabinet
      """,
    subcommands: [
      Preview.self, Run.self, Status.self, Approve.self, Pause.self, Resume.self, Cancel.self, Test.self, Explain.self,
    ]
  )

  struct Preview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a run would send, or show one subscriber's letter. Sends nothing.",
      discussion: """
        Examples:
          council-digest digest preview
          council-digest digest preview --subscriber ann@example.org > letter.eml
          council-digest digest preview --subscriber ann@example.org --run 12
        """
    )
    @OptionGroup var options: CallOptions
    @Option(help: "An id or an address: print the letter they would get, as it leaves.") var subscriber: String?
    @Option(help: "With --subscriber: the letter of this run. Default: the next run.") var run: Int?
    @Option(help: "As if the run ended then, for example 2026-11-28T08:00:00Z.") var at: String?

    func validate() throws {
      if run != nil, subscriber == nil { throw ValidationError("--run needs --subscriber") }
      if run != nil, at != nil { throw ValidationError("A run that exists has its end: leave out --at or --run") }
      if let at { try Usage.require(at, isTimeFor: "--at") }
    }

    func run() async throws {
      let moment = at.map { "at=\(urlEncoded($0))" }
      guard let subscriber else {
        let query = ["dry_run=true", moment].compactMap(\.self).joined(separator: "&")
        return try await options.print("POST", "/api/v1/digest-runs?\(query)", as: RunReport.dryRun)
      }
      let query = ["subscriber=\(urlEncoded(subscriber))", moment].compactMap(\.self).joined(separator: "&")
      let id = run.map(String.init) ?? "next"
      try await options.printLetter("/api/v1/digest-runs/\(id)/preview?\(query)")
    }
  }

  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start the digest run of this week.",
      discussion: """
        A week has one run: asking again shows it, and one that is started by hand takes the place of the schedule's.
        Letters leave while `serve` runs.
        """
    )
    @OptionGroup var options: CallOptions
    @Option(help: "The ISO week, like 2026-W47. Default: the current one.") var week: String?
    @Flag(help: "Stay and show the progress until it is finished.") var watch = false

    func validate() throws {
      if let week { try Usage.require(week, isWeekFor: "--week") }
    }

    func run() async throws {
      let body = try week.map { [UInt8](try JSONEncoder().encode(["week": $0])) } ?? []
      guard watch else { return try await options.print("POST", "/api/v1/digest-runs", body, as: RunReport.run) }
      let run = try await options.call("POST", "/api/v1/digest-runs", body).object()
      try await options.watch(run: run["id"] as? Int ?? 0)
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the latest runs, or one.")
    @OptionGroup var options: CallOptions
    @Argument(help: "The id of a run.") var id: Int?
    @Flag(help: "With an id: stay and show the progress until it is finished.") var watch = false

    func validate() throws {
      guard !watch || id != nil else { throw ValidationError("--watch needs the id of a run") }
    }

    func run() async throws {
      guard let id else { return try await options.print("GET", "/api/v1/digest-runs?limit=10", as: RunReport.runs) }
      if watch { return try await options.watch(run: id) }
      try await options.print("GET", "/api/v1/digest-runs/\(id)", as: RunReport.run)
    }
  }

  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a run that awaits approval send.")
    @OptionGroup var options: CallOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await options.control(id, "approve") }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stop a run after the letters under way.")
    @OptionGroup var options: CallOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await options.control(id, "pause") }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Go on with a run that is paused, or that waits for what becomes of its first letters."
    )
    @OptionGroup var options: CallOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await options.control(id, "resume") }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give up a run. What was not sent is not sent any more.",
      discussion: """
        The schedule goes on: when its time of this week is still to come, a run starts then and carries what this one did not
        send. `council-digest hold` keeps digests back until they are released.
        """
    )
    @OptionGroup var options: CallOptions
    @Argument(help: "The id of the run.") var id: Int

    func run() async throws { try await options.control(id, "cancel") }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send one marked copy of what a newcomer would get now.",
      discussion: "Example: council-digest digest test --to me@example.org --council wyre --topic housing"
    )
    @OptionGroup var options: CallOptions
    @Option(help: "Where to.") var to: String
    @Option(help: "A council's slug, or slug/committee-slug. Repeatable. With nothing named: all councils.")
    var council: [String] = []
    @Option(help: "A topic's slug. Repeatable.") var topic: [String] = []
    @Option(help: "Own words. Repeatable.") var query: [String] = []
    @Option(help: "headlines, brief or full.") var density = "brief"

    func validate() throws {
      try Usage.require(to, isAddressFor: "--to")
      try Usage.require(density, isDensityFor: "--density")
    }

    func run() async throws {
      let wish: [String: Any] = ["to": to, "council": council, "topic": topic, "query": query, "density": density]
      let body = [UInt8](try JSONSerialization.data(withJSONObject: wish))
      try await options.print("POST", "/api/v1/digest-runs/test", body) { answer in
        ["“\(answer["subject"] ?? "")” is on its way to \(answer["to"] ?? "") (\(answer["html_bytes"] ?? 0) bytes)."]
      }
    }
  }

  struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say why a meeting was or was not in somebody's digest."
    )
    @OptionGroup var options: CallOptions
    @Option(help: "An id or an address.") var subscriber: String
    @Option(help: "council-slug/meeting-slug.") var meeting: String
    @Option(help: "The ISO week, like 2026-W47. Default: the current one.") var week: String?

    func validate() throws {
      if let week { try Usage.require(week, isWeekFor: "--week") }
    }

    func run() async throws {
      let query = [("subscriber", subscriber), ("meeting", meeting), ("week", week ?? "")]
        .filter { !$0.1.isEmpty }.map { "\($0)=\(urlEncoded($1))" }.joined(separator: "&")
      try await options.print("GET", "/api/v1/explain?\(query)") { answer in
        let carried = answer["carried"] as? Bool == true
        return ["\(answer["week"] ?? ""): \(carried ? "it was in their digest" : "it was not in their digest")."]
          + (answer["because"] as? [String] ?? []).map { "  \($0)" }
      }
    }
  }
}
