import ArgumentParser
import CouncilDigest
import Foundation

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write everything into a folder: councils, topics and meetings as NDJSON, subscribers as CSV.",
    discussion: """
      content.ndjson is what `import` takes: in an empty store it gives the same pages. subscribers.csv has a row for each thing
      that somebody follows now, with its consent; consents.csv has every consent there was. What a spreadsheet would run as a
      formula has an apostrophe before it, which an import takes away. They hold addresses: keep them as safe as the store. To
      move a whole service, with its links and history, use backup and restore.

      Example:
        council-digest export /tmp/export
      """
  )

  @OptionGroup var options: SharedOptions
  @Argument(help: "The folder; it is made when there is none. Files of these names in it are replaced.") var folder:
    String

  private static let consentHeader =
    "email,state,follows,scope,source,evidence,form_version,requested_at,confirmed_at,withdrawn_at"

  func run() async throws {
    let configuration = try options.configuration()
    try await explained {
      let way = try await ServiceCall(configuration).way()
      let folder = URL(filePath: folder)
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw ExportFile.Problem(description: "the folder \(folder.path) can’t be made")
      }
      defer { Terminal.rewriteErrorLine("") }
      let content = try ExportFile(folder.appending(path: "content.ndjson"))
      let lines = try await pages("content", way) { item in try content.add(Self.line(item)) }
      let subscribers = try ExportFile(folder.appending(path: "subscribers.csv"))
      let consents = try ExportFile(folder.appending(path: "consents.csv"))
      try subscribers.add("email,council,topic,query,consent_at,consent_source")
      try consents.add(Self.consentHeader)
      var followed = 0
      let rows = try await pages("subscribers", way) { item in
        try consents.add(Self.consent(item))
        guard let row = Self.subscription(item) else { return }
        followed += 1
        try subscribers.add(row)
      }
      for file in [content, subscribers, consents] { try file.finish() }
      Terminal.rewriteErrorLine("")
      Terminal.line("\(RunReport.counted(lines, "line")) in \(content.place.path)")
      Terminal.line("\(RunReport.counted(followed, "row")) in \(subscribers.place.path)")
      Terminal.line("\(RunReport.counted(rows, "row")) in \(consents.place.path)")
    }
  }

  private func pages(
    _ name: String,
    _ way: ServiceCall.Way,
    _ each: ([String: Any]) throws -> Void
  ) async throws -> Int {
    var count = 0
    var next: String?
    repeat {
      let query = next.map { "?after=\(urlEncoded($0))" } ?? ""
      let answer = try await way.call("GET", "/api/v1/export/\(name)\(query)", [], type: "application/json")
      let page = try ServiceCall.checked(answer).object()
      for item in page["items"] as? [[String: Any]] ?? [] {
        try each(item)
        count += 1
      }
      Terminal.rewriteErrorLine("\(name): \(RunReport.grouped(count))")
      next = page["next"] as? String
    } while next != nil
    return count
  }

  private static func line(_ item: [String: Any]) throws -> String {
    let data = try JSONSerialization.data(withJSONObject: item, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  /// As an import takes it; nil for what nobody follows any more.
  private static func subscription(_ item: [String: Any]) -> String? {
    guard item["is_active"] as? Bool == true, item["state"] as? String == "active",
      let follows = item["follows"] as? String
    else { return nil }
    let parts = follows.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let columns = ["council", "topic", "query"].map { $0 == parts[0] ? parts[1] : "" }
    // Where it was given elsewhere, it was asked for and given in one; here it counts from the day it was confirmed.
    let evidence = item["evidence"] as? String
    let consentAt = item[evidence == nil ? "confirmed_at" : "requested_at"] as? String ?? ""
    let source = evidence ?? "\(item["source"] ?? ""), form \(item["form"] ?? "")"
    return SpreadsheetCell.row([item["email"] as? String ?? ""] + columns + [consentAt, source])
  }

  private static func consent(_ item: [String: Any]) -> String {
    SpreadsheetCell.row(
      [
        "email", "state", "follows", "scope", "source", "evidence", "form", "requested_at", "confirmed_at",
        "withdrawn_at",
      ]
      .map { item[$0] as? String ?? "" }
    )
  }
}

/// One file of an export: there under its name when it is whole.
private final class ExportFile {
  let place: URL
  private let unfinished: URL
  private let handle: FileHandle

  init(_ place: URL) throws {
    self.place = place
    unfinished = place.appendingPathExtension("unfinished")
    let descriptor = open(unfinished.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Problem(description: "\(place.path) can’t be written: \(String(cString: strerror(errno)))")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  func add(_ line: String) throws { try handle.write(contentsOf: Data((line + "\n").utf8)) }

  func finish() throws {
    try handle.synchronize()
    guard rename(unfinished.path, place.path) == 0 else {
      throw Problem(description: "\(place.path) can’t be written: \(String(cString: strerror(errno)))")
    }
  }
}
