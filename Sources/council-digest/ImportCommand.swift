import ArgumentParser
import CouncilDigest
import Foundation

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Put councils, topics and meetings from a file: one JSON object a line.",
    discussion: """
      Each line is {"council": {…}}, {"topic": {…}} or {"meeting": {…}}: what the API takes, and the slug. A meeting also names
      its council, which an earlier line may have put. What is there already stays as it is, so an import can be repeated.
      Ends with 1 when a line was refused.

      Examples:
        council-digest import config/starter-topics.ndjson
        zcat archive.ndjson.gz | council-digest import -
        council-digest import --atomic meetings.ndjson         all lines or none
      """
  )

  @OptionGroup var options: CallOptions
  @Flag(help: "All lines or none. While it is written nobody can sign up, so not for large archives.") var atomic =
    false
  @Argument(help: "The file, or - for standard input.") var file: String

  private static let address = "/api/v1/import"
  private static let type = "application/x-ndjson"

  func validate() throws {
    if file.lowercased().hasSuffix(".csv") {
      throw ValidationError(
        "\(file) is CSV, and import takes NDJSON: councils, topics and meetings, one JSON object a line"
      )
    }
  }

  func run() async throws {
    let configuration = try options.shared.configuration()
    try await explained {
      var input = try ImportInput(file)
      let way = try await ServiceCall(configuration).way()
      defer { Terminal.rewriteErrorLine("") }
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
