import Foundation
import Mail

/// Makes the key letters are signed with, and says what to publish and to configure.
public struct MakeDKIMKey: Sendable {
  private let dkim: Configuration.MailConfiguration.DKIM
  private let file: String

  /// The key was not made.
  public struct Refused: Error, CustomStringConvertible {
    public var description: String
  }

  /// - Parameter file: where the private key is written.
  public init(_ configuration: Configuration, file: String) {
    dkim = configuration.mail.dkim
    self.file = file
  }

  /// - Returns: what the operator must do, as text.
  /// - Throws: `Refused` when there is such a file; it is left alone.
  public func callAsFunction() throws -> String {
    let text = try DKIMSigner.makePrivateKey()
    let signer = try DKIMSigner(domain: dkim.domain, selector: dkim.selector, privateKey: text)
    try write(text + "\n")
    let record = signer.dnsRecord
    return """
      The private key is in \(file). Publish this record:

      \(record.name). IN TXT ( \(Self.strings(record.text)) )

      Then set, and restart:

      mail:
        dkim:
          key_file: \(file)
          domain: \(signer.domain)
          selector: \(signer.selector)
      """
  }

  /// Only its owner reads it.
  private func write(_ text: String) throws {
    let folder = URL(filePath: file).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = errno == EEXIST ? "there is a file already; nothing was changed" : String(cString: strerror(errno))
      throw Refused(description: "\(file): \(reason)")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: Data(text.utf8))
    try handle.synchronize()
  }

  /// A TXT record's strings hold 255 bytes each (RFC 1035 §3.3).
  private static func strings(_ text: String) -> String {
    let characters = Array(text)
    return stride(from: 0, to: characters.count, by: 200).map { start in
      "\"\(String(characters[start..<min(start + 200, characters.count)]))\""
    }.joined(separator: " ")
  }
}
