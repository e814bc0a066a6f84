import Crypto
import CryptoExtras
import Foundation

/// Signs letters as their domain (RFC 6376): rsa-sha256, relaxed/relaxed. The same letter always gets the same
/// signature, so an attempt that is made again is the same bytes.
public struct DKIMSigner: Sendable {
  public let domain: String
  public let selector: String
  private let key: _RSA.Signing.PrivateKey

  /// What is signed when a letter has it. Both List-Unsubscribe fields are among them, as RFC 8058 §4 demands.
  static let signedFields = [
    "from", "reply-to", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted",
    "list-id",
    "list-unsubscribe", "list-unsubscribe-post", "list-help", "precedence", "feedback-id",
  ]
  /// Named once more than they occur, so that nobody can add a second one (RFC 6376 §8.15).
  static let guardedFields = ["from", "subject"]

  /// Why there is no signer.
  public enum Problem: Error, Equatable, CustomStringConvertible, Sendable {
    case noKey
    case weakKey(bits: Int)
    case brokenName(String)

    public var description: String {
      switch self {
      case .noKey: "no RSA private key in PEM form; council-digest dkim keygen makes one"
      case .weakKey(let bits): "the key has \(bits) bits; receivers want at least 1024, better 2048"
      case .brokenName(let name): "“\(name)” is no DNS name"
      }
    }
  }

  /// - Parameter privateKey: PEM, PKCS #1 or PKCS #8.
  public init(domain: String, selector: String, privateKey: String) throws(Problem) {
    for name in [domain, selector] where !Self.isName(name) { throw .brokenName(name) }
    guard let key = try? _RSA.Signing.PrivateKey(unsafePEMRepresentation: privateKey) else { throw .noKey }
    guard key.keySizeInBits >= 1_024 else { throw .weakKey(bits: key.keySizeInBits) }
    self.domain = domain
    self.selector = selector
    self.key = key
  }

  /// A new key of 2048 bits, in PEM form (PKCS #8).
  public static func makePrivateKey() throws -> String {
    try _RSA.Signing.PrivateKey(keySize: .bits2048).pkcs8PEMRepresentation
  }

  /// Where receivers look for the public key, and the TXT record they must find there (RFC 6376 §3.6.1).
  public var dnsRecord: (name: String, text: String) {
    let key = key.publicKey.derRepresentation.base64EncodedString()
    return ("\(selector)._domainkey.\(domain)", "v=DKIM1; k=rsa; p=\(key)")
  }

  /// The letter with its DKIM-Signature in front.
  /// - Parameter message: as it goes over the wire, with CRLF line ends.
  public func signed(_ message: LetterBytes) throws -> LetterBytes {
    let (fields, body) = DKIMCanonical.split(message.joined)
    let names = Self.signedFields.filter { name in fields.contains { $0.name == name } } + Self.guardedFields
    let bodyHash = Data(SHA256.hash(data: DKIMCanonical.body(body))).base64EncodedString()
    let unsigned = """
      v=1; a=rsa-sha256; c=relaxed/relaxed;\r
       d=\(domain); s=\(selector);\r
       h=\(Self.folded(names));\r
       bh=\(bodyHash);\r
       b=
      """
    // A name that stands once more than its field does says that there is no other one: nothing is hashed for it.
    let signed = names.dropLast(Self.guardedFields.count).compactMap { name in fields.first { $0.name == name } }
    let hashed =
      signed.map { DKIMCanonical.field($0.name, $0.value) + "\r\n" }.joined()
      + DKIMCanonical.field("dkim-signature", unsigned)
    let signature = try key.signature(for: SHA256.hash(data: Data(hashed.utf8)), padding: .insecurePKCS1v1_5)
    let base64 = Array(signature.rawRepresentation.base64EncodedString())
    let lines = stride(from: 0, to: base64.count, by: 70).map { String(base64[$0..<min($0 + 70, base64.count)]) }
    return message.preceded(by: Array("DKIM-Signature: \(unsigned)\(lines.joined(separator: "\r\n  "))\r\n".utf8))
  }

  /// Names joined by colons, on lines of at most 76 bytes.
  private static func folded(_ names: [String]) -> String {
    var (lines, line) = ([String](), "")
    for (index, name) in names.enumerated() {
      let part = name + (index == names.count - 1 ? "" : ":")
      if line.utf8.count + part.utf8.count > 70 {
        lines.append(line)
        line = ""
      }
      line += part
    }
    return (lines + [line]).joined(separator: "\r\n  ")
  }

  private static func isName(_ text: String) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 200
      && labels.allSatisfy { label in
        !label.isEmpty && label.utf8.count <= 63
          && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
      }
  }
}
