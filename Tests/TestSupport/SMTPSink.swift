import Foundation
import Mail

/// Postfix's `smtp-sink` on loopback: a real SMTP server that keeps every letter as a file.
public final class SMTPSink: @unchecked Sendable {
  // because one test at a time uses it, from its one task.
  public let port: Int
  private let folder: TemporaryFolder
  private let extra: [String]
  private var process: ChildProcess?

  /// - Parameter arguments: more options, like `-r RCPT`.
  public init(_ arguments: String..., port: Int? = nil) async throws {
    self.port = try port ?? Machine.freePort()
    extra = arguments
    folder = try TemporaryFolder()
    // smtp-sink gives up root before it writes.
    chmod(folder.path, 0o777)
    try await start()
  }

  deinit { stop() }

  public func start() async throws {
    guard let program = Machine.program("smtp-sink") else { throw TestFault("smtp-sink is not installed (postfix)") }
    let arguments =
      (Machine.isRoot ? ["-u", "nobody"] : []) + ["-R", folder.path, "-d", "m."] + extra + ["127.0.0.1:\(port)", "100"]
    process = try ChildProcess(program, arguments, environment: [:], folder: folder.path)
    _ = try await eventually("smtp-sink listens") { try? RawConnection(port: port) }
  }

  public func stop() {
    process?.kill()
  }

  /// What was received: the dump of each transaction that reached its end of data.
  public func letters() throws -> [ReceivedLetter] {
    try dumps().compactMap { dump in
      let letter = ReceivedLetter(parsing: dump)
      return letter.first("message-id") == nil ? nil : letter
    }
  }

  /// The letters' bytes as files, without the lines smtp-sink adds in front.
  public func messages() throws -> [(recipient: String, content: String)] {
    try dumps().compactMap { dump in
      let text = String(decoding: dump, as: UTF8.self)
      guard let from = text.range(of: "\nFrom: "), let to = text.range(of: "X-Rcpt-Args: <") else { return nil }
      let recipient = text[to.upperBound...].prefix { $0 != ">" }
      return (String(recipient), String(text[from.lowerBound...]))
    }
  }

  /// How many letters there are, those that are just coming included.
  public func count() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).count { $0.hasPrefix("m.") }
  }

  /// smtp-sink takes away the dump of a transaction that was given up, also between our listing and reading.
  private func dumps() throws -> [[UInt8]] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("m.") }.compactMap { name in
      guard let dump = try? Data(contentsOf: folder.url.appending(path: name)), Self.isWhole(dump) else { return nil }
      return [UInt8](dump)
    }
  }

  /// A dump is written in pieces: until its last part is closed (RFC 2046, section 5.1.1) the rest is still to come.
  private static func isWhole(_ dump: Data) -> Bool {
    let text = String(decoding: dump, as: UTF8.self)
    guard let head = text.range(of: "\n\n") else { return false }
    guard let boundary = text[..<head.lowerBound].firstMatch(of: /boundary="([^"]+)"/)?.1 else { return true }
    return text[head.upperBound...].contains("\n--\(boundary)--")
  }
}
