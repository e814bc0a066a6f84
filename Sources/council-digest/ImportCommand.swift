import ArgumentParser
import CouncilDigest
import Foundation

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Put councils, topics and meetings from NDJSON, or subscribers from CSV.",
    discussion: """
      Each line is {"council": {…}}, {"topic": {…}} or {"meeting": {…}}: what the API takes, and the slug. A meeting also names
      its council, which an earlier line may have put. What is there already and the same stays as it is, so an import can be
      repeated; what has changed is put.
      Ends with 1 when a line was refused.

      A file that ends in .csv has subscribers, who are active at once and get no letter. Its first line names the columns:
      email,council,topic,query,consent_at,consent_source, in any order; several councils or topics stand between semicolons.
      Rows without consent_at and consent_source are refused. Exports of Mailchimp and listmonk are taken as they are.

      Examples:
        council-digest import config/starter-topics.ndjson
        council-digest import --dry-run readers.csv            what would be taken, and what not and why
        council-digest import --council anytown subscribed_members_export.csv
        zcat archive.ndjson.gz | council-digest import -
        council-digest import --atomic meetings.ndjson         all lines or none
      """
  )

  @OptionGroup var options: CallOptions
  @Flag(help: "All lines or none. While it is written nobody can sign up, so not for large archives.") var atomic =
    false
  @Flag(help: "Standard input has subscribers as CSV.") var csv = false
  @Flag(help: "Of subscribers: only say what would be imported.") var dryRun = false
  @Option(help: "Of subscribers: what rows follow that name nothing. A slug, or slug/committee; may be repeated.")
  var council: [String] = []
  @Option(help: "As --council, with a topic's slug.") var topic: [String] = []
  @Argument(help: "The file, or - for standard input.") var file: String

  /// A file of subscribers whose name does not say so.
  private struct Table: Error, CustomStringConvertible {
    var file: String

    var description: String {
      "this begins as a table of subscribers does. Nothing was imported; say that it is one: "
        + "council-digest import --csv \(file)"
    }
  }

  private static let address = "/api/v1/import"
  private static let type = "application/x-ndjson"

  private var hasSubscribers: Bool { csv || file.lowercased().hasSuffix(".csv") }

  func validate() throws {
    if hasSubscribers, atomic { throw ValidationError("--atomic is for NDJSON; try --dry-run first instead") }
    if !hasSubscribers, dryRun || !council.isEmpty || !topic.isEmpty {
      throw ValidationError("--dry-run, --council and --topic are for subscribers, in a file that ends in .csv")
    }
  }

  func run() async throws {
    let configuration = try options.shared.configuration()
    try await explained {
      var input = try ImportInput(file)
      guard try hasSubscribers || !input.beginsAsTable() else { throw Table(file: file) }
      let way = try await ServiceCall(configuration).way(makesStore: true)
      defer { Terminal.rewriteErrorLine("") }
      if hasSubscribers {
        let subscribers = SubscriberImport(councils: council, topics: topic, isDryRun: dryRun)
        return try await subscribers(&input, way, printsJSON: options.printsJSON)
      }
      if atomic { try await importAll(&input, way) } else { try await importParts(&input, way) }
    }
  }

  /// In many calls: each says how far it is, and a service that stops in between has what went before.
  private func importParts(_ input: inout ImportInput, _ way: ServiceCall.Way) async throws {
    var total = ImportTotal()
    while let part = try input.nextPart() {
      do {
        let answer = try ServiceCall.checked(try await way.call("POST", Self.address, part.bytes, type: Self.type))
        try total.add(answer, linesBefore: part.linesBefore)
      } catch  where part.linesBefore > 0 {
        Terminal.rewriteErrorLine("")
        Terminal.error(
          "stopped after line \(part.linesBefore); what came before is in, and stays as it is when repeated"
        )
        throw error
      }
      Terminal.rewriteErrorLine(input.progress)
    }
    Terminal.rewriteErrorLine("")
    if options.printsJSON { Terminal.line(try total.json()) } else { total.lines.forEach(Terminal.line) }
    if !total.errors.isEmpty { throw ExitCode(1) }
  }

  private func importAll(_ input: inout ImportInput, _ way: ServiceCall.Way) async throws {
    let answer = try await way.call("POST", "\(Self.address)?atomic=true", type: Self.type) {
      let piece = try input.nextPiece()
      Terminal.rewriteErrorLine(piece.isEmpty ? "being checked and stored" : input.progress)
      return piece
    }
    Terminal.rewriteErrorLine("")
    let isRefused = answer.status == 422
    var total = ImportTotal()
    try total.add(isRefused ? answer : try ServiceCall.checked(answer), linesBefore: 0)
    let lines = isRefused ? ["Nothing was imported."] + total.errorLines : total.lines
    if options.printsJSON { Terminal.line(answer.text) } else { lines.forEach(Terminal.line) }
    if isRefused { throw ExitCode(1) }
  }
}
