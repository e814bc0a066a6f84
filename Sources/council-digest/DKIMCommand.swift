import ArgumentParser
import CouncilDigest
import Foundation

struct DKIMCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dkim",
    abstract: "Sign letters, so that mailbox providers know who they are from.",
    subcommands: [Keygen.self]
  )

  struct Keygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key, and say which DNS record to publish.",
      discussion: "Example: council-digest dkim keygen --file /etc/council-digest/dkim.pem"
    )

    @OptionGroup var options: SharedOptions
    @Option(help: "Where the private key is written; a file that exists is left alone.") var file = "data/dkim.pem"

    func run() async throws {
      let configuration = try options.configuration()
      try await explained {
        Terminal.line(try MakeDKIMKey(configuration, file: file).callAsFunction())
      }
    }
  }
}
