import Foundation
import Logging

/// One event a line on standard error: as logfmt, which people read and programs too, or as JSON. Keys are in a fixed order:
/// when, how grave, what, then what belongs to it.
public struct LineLog: LogHandler {
  public enum Format: String, CaseIterable, Sendable {
    case logfmt, json
  }

  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  private let format: Format
  private let now: @Sendable () -> Date
  private let write: @Sendable (String) -> Void

  public init(_ format: Format, level: Logger.Level) {
    self.init(format, level: level, now: { Date() }) { line in
      FileHandle.standardError.write(Data(line.utf8))
    }
  }

  init(
    _ format: Format,
    level: Logger.Level,
    now: @escaping @Sendable () -> Date,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.format = format
    logLevel = level
    self.now = now
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    var fields: [(String, String)] = [
      ("time", Self.time(now())), ("level", event.level.rawValue), ("event", "\(event.message)"),
    ]
    fields += details.map { ($0.key, "\($0.value)") }
    if let error = event.error { fields.append(("error", "\(error)")) }
    switch format {
    case .logfmt: write(fields.map { "\($0.0)=\(Self.quoted($0.1))" }.joined(separator: " ") + "\n")
    case .json: write("{" + fields.map { "\(Self.json($0.0)):\(Self.json($0.1))" }.joined(separator: ",") + "}\n")
    }
  }

  /// UTC with milliseconds.
  private static func time(_ date: Date) -> String {
    date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z"
  }

  /// A value that could be taken for something else stands in quotes. One event is one line, whatever is in it.
  private static func quoted(_ value: String) -> String {
    let isPlain =
      !value.isEmpty && value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0 != "\\" }
    return isPlain ? value : json(value)
  }

  private static func json(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
