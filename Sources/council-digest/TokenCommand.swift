import ArgumentParser
import CouncilDigest
import Foundation

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make, list and revoke API keys.",
    subcommands: [Create.self, List.self, Revoke.self]
  )

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an API key. It is shown this once.",
      discussion: "Example: council-digest token create --name laptop --role operator"
    )

    @OptionGroup var options: SharedOptions
    @Option(help: "What the key is for.") var name: String
    @Option(help: "reader, editor or operator.") var role: Role

    func run() async throws {
      let configuration = try options.configuration()
      try await explained {
        let body = try JSONEncoder().encode(["name": name, "role": role.rawValue])
        let answer = try await ServiceCall(configuration).send("POST", "/api/v1/api-keys", [UInt8](body))
        let key = try answer.object()
        Terminal.line(key["secret"] as? String ?? "")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the API keys, without their secrets.")

    @OptionGroup var options: SharedOptions

    func run() async throws {
      let configuration = try options.configuration()
      try await explained {
        let answer = try await ServiceCall(configuration).send("GET", "/api/v1/api-keys")
        let items = try answer.object()["items"] as? [[String: Any]] ?? []
        Terminal.line("ID  ROLE      STATE    NAME")
        for item in items {
          let columns = [
            "\(item["id"] ?? "")".padding(toLength: 4, withPad: " ", startingAt: 0),
            "\(item["role"] ?? "")".padding(toLength: 10, withPad: " ", startingAt: 0),
            (item["revoked_at"] == nil ? "active" : "revoked").padding(toLength: 9, withPad: " ", startingAt: 0),
          ]
          Terminal.line(columns.joined() + "\(item["name"] ?? "")")
        }
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke an API key by its id.")

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
