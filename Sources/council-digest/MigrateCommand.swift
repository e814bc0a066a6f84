import ArgumentParser
import CouncilDigest

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Bring the store up to date with this version. serve does it too."
  )

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let configuration = try options.configuration()
    try await explained {
      _ = try Store(path: configuration.storePath, migrations: configuration.migrationsFolder)
      Terminal.line("The store \(configuration.storePath) is up to date.")
    }
  }
}
