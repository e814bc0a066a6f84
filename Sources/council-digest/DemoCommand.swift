import ArgumentParser
import CouncilDigest
import Foundation

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Try the service: a throw-away store, sample councils and a mailbox page.",
    discussion: """
      Nothing leaves this machine, and everything is gone when it stops.

      Example:
        council-digest demo --port 9000
      """
  )

  @OptionGroup var options: SharedOptions

  @Option(help: "Port to listen on. Default: http.port.")
  var port: Int?

  func run() async throws {
    var configuration = try options.configuration()
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "council-digest-demo-\(UUID().uuidString.prefix(8))"
    )
    configuration.useThrowAway(folder: folder.path, port: port)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await explained { [configuration] in
      let service = try await CouncilDigestService(
        configuration,
        log: standardLog(configuration, level: .warning),
        isDemo: true
      )
      try await service.loadDemo()
      let key = try await service.createOperatorKey(named: "demo")
      try await service.run { Self.welcome(configuration.site.publicURL, key) }
    }
  }

  private static func welcome(_ address: String, _ key: String) {
    Terminal.line(
      """

      council-digest demo. Everything here is made up, and gone when you press Ctrl-C.

        Pages      \(address)/
        Mailbox    \(address)/demo/mailbox
        Console    \(address)/operator (sign in with the key)
        API key    \(key)

      1. Open the pages, follow a council, then confirm from the mailbox.
      2. Send this week's digest, and read it in the mailbox:

        curl -X POST -H "Authorization: Bearer \(key)" \(address)/api/v1/digest-runs

      More to try:

        curl -H "Authorization: Bearer \(key)" \(address)/api/v1/councils
        curl -X PUT -H "Authorization: Bearer \(key)" \(address)/api/v1/councils/anytown \\
          -d '{"name": "Anytown Council"}'

      """
    )
  }
}
