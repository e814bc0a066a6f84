import ArgumentParser
import CouncilDigest
import Foundation

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy everything into one file, and read it back to see that it is sound.",
    discussion: """
      The service may run and send meanwhile. The file holds the whole store, with the keys that links in letters are signed
      with; the configuration and a key for DKIM are files of their own. backup.time makes one each day.

      Examples:
        council-digest backup /mnt/usb/digest.sqlite
        council-digest backup                            into backup.folder, named by the time
      """
  )

  @OptionGroup var options: CallOptions
  @Argument(help: "Where the copy goes. Default: a name with the time, in backup.folder.") var file: String?
  @Flag(help: "Write over a file that exists.") var replace = false

  func run() async throws {
    let configuration = try options.shared.configuration()
    try await explained { try ServiceCall(configuration).requireStore() }
    var wish: [String: Any] = [:]
    if let file { wish = ["file": URL(filePath: file).standardizedFileURL.path, "replace": replace] }
    let body = wish.isEmpty ? [] : [UInt8](try JSONSerialization.data(withJSONObject: wish))
    try await options.print("POST", "/api/v1/backups", body) { backup in
      [
        "\(backup["path"] ?? "") is sound: \(RunReport.counted(backup["subscribers"] as? Int ?? 0, "subscriber")), "
          + "\(RunReport.counted(backup["meetings"] as? Int ?? 0, "meeting")), "
          + "\(RunReport.grouped(((backup["size"] as? Int ?? 0) + 999) / 1_000)) kB."
      ]
    }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract:
      "Put a backup in the place of a store that is empty or not there. Digests are held until you release them.",
    discussion: """
      Nobody knows what was mailed since the backup was taken, so start the service, look at `council-digest hold --status`,
      and release. Who left since is taken out again, by the file that remembers them: it lies beside the old store and ends in
      -left. Keep it; if it is elsewhere, name it with --left.

      Examples:
        council-digest restore /mnt/usb/digest.sqlite
        council-digest restore digest.sqlite --left /old/data/council-digest.sqlite-left
      """
  )

  @OptionGroup var shared: SharedOptions
  @Argument(help: "A file that backup made.") var file: String
  @Option(help: "The file that remembers who left. Default: the one beside the store.") var left: String?
  @Flag(help: "Print JSON. It is the default when the output is not a terminal.") var json = false

  func run() async throws {
    let configuration = try shared.configuration()
    try await explained {
      let restore = RestoreStore(storePath: configuration.storePath, migrations: configuration.migrationsFolder)
      let report = try restore(file, departures: left)
      guard !json, isatty(STDOUT_FILENO) == 1 else { return try printJSON(report) }
      Terminal.line(
        "\(configuration.storePath) has \(RunReport.counted(report.subscribers, "subscriber")) and "
          + "\(RunReport.counted(report.meetings, "meeting"))"
          + (report.takenAt.map { ", as of \($0.formatted(.iso8601))." } ?? ".")
      )
      Terminal.line(
        report.departures == nil
          ? "There was no file that remembers who left since: they are still in it."
          : "Since then \(RunReport.grouped(report.left)) had left and \(RunReport.grouped(report.erased)) were erased: they are gone here, too."
      )
      if !report.apiKeys.isEmpty {
        Terminal.line(
          "API keys as of then work: \(report.apiKeys.joined(separator: ", ")). Revoke again what you revoked since."
        )
      }
      Terminal.line("Digests are held. Start the service, then: council-digest hold --status")
    }
  }

  private func printJSON(_ report: RestoreStore.Report) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    Terminal.line(String(decoding: try encoder.encode(report), as: UTF8.self))
  }
}
