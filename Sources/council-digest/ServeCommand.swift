import ArgumentParser
import CouncilDigest
import Foundation

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the service: pages, API, schedule and sending.",
    discussion: """
      SIGTERM or SIGINT lets requests and letters under way finish, then exits with 0.

      Examples:
        council-digest serve
        council-digest serve --config /etc/council-digest.yaml
        COUNCIL_DIGEST_HTTP_PORT=9000 council-digest serve
      """
  )

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let configuration = try options.configuration()
    try await explained {
      let service = try await CouncilDigestService(configuration, log: standardLog(configuration))
      try await service.run {
        Terminal.line("council-digest serves \(configuration.site.publicURL)")
      }
    }
  }
}
