/// How to reach the relay.
public struct SMTPSettings: Equatable, Sendable {
  /// RFC 8314 words: `required` and `opportunistic` are STARTTLS, `implicit` is TLS from the first byte.
  public enum TLS: String, CaseIterable, Equatable, Sendable {
    case required, opportunistic, off, implicit
  }

  public var host: String
  public var port: Int
  public var tls: TLS
  public var username: String?
  public var password: String?
  /// A file of certificates (PEM) to trust instead of the system's.
  public var trustedCertificates: String?
  /// The name given in EHLO.
  public var clientName: String

  public init(
    host: String,
    port: Int,
    tls: TLS,
    username: String? = nil,
    password: String? = nil,
    trustedCertificates: String? = nil,
    clientName: String
  ) {
    self.host = host
    self.port = port
    self.tls = tls
    self.username = username
    self.password = password
    self.trustedCertificates = trustedCertificates
    self.clientName = clientName
  }
}
