import Foundation

/// A Maildir (https://cr.yp.to/proto/maildir.html): each letter is written to `tmp`, synced, and renamed into `new`, so a
/// reader never sees half a letter. The file is named after the Message-ID: an attempt repeated after a crash
/// replaces the same letter.
public final class Maildir: MailTransport {
  private let folder: URL

  /// - Throws: `MaildirProblem` when the folders can't be made.
  public init(folder: URL) throws {
    self.folder = folder
    for name in ["tmp", "new", "cur"] {
      do {
        try FileManager.default.createDirectory(
          at: folder.appending(path: name),
          withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700]
        )
      } catch {
        throw MaildirProblem(
          description: "the Maildir \(folder.path) can't be made: is a file in its place, or the folder not ours?"
        )
      }
    }
  }

  public func send(_ envelope: Envelope, when clearance: Clearance) -> SendOutcome {
    let content = envelope.content.joined
    let name = Self.fileName(of: content)
    let temporary = folder.appending(path: "tmp/\(name)")
    do {
      try write(content, of: envelope, to: temporary.path)
      guard clearance.isGiven() || clearance.obtain() else {
        unlink(temporary.path)
        return .brokenOff
      }
      let target = folder.appending(path: "new/\(name)").path
      guard rename(temporary.path, target) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      try sync(folder.appending(path: "new").path)
      return .sent
    } catch {
      unlink(temporary.path)
      return .relayTrouble("the Maildir can't be written: \(error.localizedDescription)")
    }
  }

  public func problem() -> String? {
    let folders = ["tmp", "new"].map { folder.appending(path: $0).path }
    return folders.allSatisfy { access($0, W_OK) == 0 } ? nil : "the Maildir \(folder.path) can't be written"
  }

  /// A name in a folder is durable once the folder is.
  private func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  private func write(_ content: [UInt8], of envelope: Envelope, to path: String) throws {
    let head = "Return-Path: <\(envelope.sender)>\r\nDelivered-To: \(envelope.recipient)\r\n"
    let bytes = Array(head.utf8) + content
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  private static func fileName(of content: [UInt8]) -> String {
    let text = String(decoding: content.prefix(4_096), as: UTF8.self)
    let identifier = text.range(of: "Message-ID: <").flatMap { start in
      text.range(of: ">", range: start.upperBound..<text.endIndex).map { text[start.upperBound..<$0.lowerBound] }
    }
    let safe = (identifier ?? "letter").filter { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
    return "\(safe.prefix(150)).eml"
  }
}

/// A Maildir can't be used.
public struct MaildirProblem: Error, CustomStringConvertible, Sendable {
  public var description: String
}
