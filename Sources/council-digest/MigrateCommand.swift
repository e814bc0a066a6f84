import ArgumentParser
import CouncilDigest

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Bring the store up to date with this version. serve does it too.",
    discussion: "Example: council-digest migrate"
  )

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let configuration = try options.configuration()
    let socket = ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath))
    try await explained {
      guard !socket.isServed else {
        return Terminal.line("The service that runs brought the store up to date when it started.")
      }
      _ = try Store(path: configuration.storePath, migrations: configuration.migrationsFolder)
      Terminal.line("The store \(configuration.storePath) is up to date.")
    }
  }
}
