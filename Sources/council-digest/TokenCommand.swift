import ArgumentParser
import CouncilDigest
import Foundation

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make, list and revoke API keys.",
    discussion: """
      Examples:
        council-digest token create --name laptop --role operator
        council-digest token list
        council-digest token revoke 2
      """,
    subcommands: [Create.self, List.self, Revoke.self]
  )

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an API key. It is shown this once.",
      discussion: "Example: council-digest token create --name laptop --role operator"
    )

    @OptionGroup var options: SharedOptions
    @Flag(help: "Print JSON, with the id.") var json = false
    @Option(help: "What the key is for.") var name: String
    @Option(help: "reader, editor or operator.") var role: Role

    func run() async throws {
      let configuration = try options.configuration()
      try await explained {
        let body = try JSONEncoder().encode(["name": name, "role": role.rawValue])
        let answer = try await ServiceCall(configuration).send(
          "POST",
          "/api/v1/api-keys",
          [UInt8](body),
          makesStore: true
        )
        let key = try answer.object()
        guard !json else { return Terminal.line(answer.text) }
        Terminal.line(key["secret"] as? String ?? "")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the API keys, without their secrets.",
      discussion: "Example: council-digest token list --json"
    )

    @OptionGroup var options: CallOptions

    func run() async throws {
      try await options.print("GET", "/api/v1/api-keys") { answer in
        let items = answer["items"] as? [[String: Any]] ?? []
        guard !items.isEmpty else { return ["There are no keys. council-digest token create makes one."] }
        let rows = items.map { item in
          [
            "\(item["id"] ?? "")", "\(item["role"] ?? "")", item["revoked_at"] == nil ? "active" : "revoked",
            Self.day(item["created_at"]), Self.day(item["last_used_at"]), "\(item["name"] ?? "")",
          ]
        }
        return RunReport.table(["ID", "ROLE", "STATE", "MADE", "LAST USED", "NAME"], rows, textColumns: 6)
      }
    }

    private static func day(_ time: Any?) -> String { (time as? String).map { String($0.prefix(10)) } ?? "never" }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke an API key by its id.",
      discussion: "Example: council-digest token revoke 2"
    )

    @OptionGroup var options: SharedOptions
    @Argument(help: "The id that `token list` shows.") var id: Int

    func run() async throws {
      let configuration = try options.configuration()
      try await explained {
        _ = try await ServiceCall(configuration).send("DELETE", "/api/v1/api-keys/\(id)")
        Terminal.line("Revoked key \(id).")
      }
    }
  }
}

extension Role: ExpressibleByArgument {}
