import ArgumentParser
import CouncilDigest

@main
struct CouncilDigestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "council-digest",
    abstract: "Mails residents a weekly summary of what their council decided.",
    discussion: """
      Examples:
        council-digest demo                     try it: sample councils, mail kept in a page
        council-digest serve                    run the service
        council-digest token create --name me --role operator
        council-digest import config/starter-topics.ndjson
      """,
    version: "council-digest \(ProgramVersion.name)",
    subcommands: [
      ServeCommand.self, DemoCommand.self, MigrateCommand.self, CheckCommand.self, TokenCommand.self,
      ImportCommand.self, ExportCommand.self, DigestCommand.self, HoldCommand.self, ReleaseCommand.self,
      BackupCommand.self,
      RestoreCommand.self, BounceCommand.self,
      DKIMCommand.self, ConfigurationCommand.self,
    ]
  )
}
