import Foundation
import Mail

/// A Postfix of a test's own on loopback: its queue, its configuration and its mailboxes lie in one folder, and nothing
/// can leave the machine. Mail for resident.example goes into Maildirs. Needs root, as Postfix does.
public final class PostfixRelay: @unchecked Sendable {
  // because one test uses it, from its one task.
  public let port: Int
  /// TLS from the first byte.
  public let implicitPort: Int
  private let folder: TemporaryFolder
  private let wiring: Wiring

  /// Where mail for other domains goes.
  public struct Wiring: Sendable {
    /// Mail for `gone.example` is passed on to a server on this port.
    public var next: Int?
    /// Mail for `bounces.example` is given to this program, as nobody, with the recipient as its argument.
    public var bouncePipe: String?
    /// Who sends must log in, and a Dovecot on this port knows the password; nil lets anyone.
    public var login: Int?

    public init(next: Int? = nil, bouncePipe: String? = nil, login: Int? = nil) {
      self.next = next
      self.bouncePipe = bouncePipe
      self.login = login
    }
  }

  public init(_ wiring: Wiring = Wiring()) async throws {
    self.wiring = wiring
    port = try Machine.freePort()
    implicitPort = try Machine.freePort()
    folder = try TemporaryFolder()
    chmod(folder.path, 0o755)
    for name in ["queue", "data", "mail"] {
      try FileManager.default.createDirectory(
        at: folder.url.appending(path: name),
        withIntermediateDirectories: true
      )
    }
    try await run("chown", "postfix", folder.file("data"))
    try await run("chown", "nobody", folder.file("mail"))
    try await run(
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=relay.test",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-days",
      "2",
      "-keyout",
      folder.file("key.pem"),
      "-out",
      folder.file("certificate.pem")
    )
    try main.write(toFile: folder.file("main.cf"), atomically: true, encoding: .utf8)
    try services.write(toFile: folder.file("master.cf"), atomically: true, encoding: .utf8)
    try await run("postfix", "-c", folder.path, "start")
    _ = try await eventually("Postfix listens") { try? RawConnection(port: port) }
  }

  /// A test that failed leaves no mail server behind.
  deinit {
    let file = folder.file("queue/pid/master.pid")
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    if let identifier = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) { kill(identifier, SIGTERM) }
  }

  public func stop() async throws {
    try await run("postfix", "-c", folder.path, "stop")
  }

  /// Who wants to trust it names this file.
  public var certificate: String { folder.file("certificate.pem") }

  public func log() throws -> String { try String(contentsOfFile: folder.file("log"), encoding: .utf8) }

  /// What was delivered to an address.
  public func letters(to address: String) throws -> [ReceivedLetter] {
    let name = address.prefix { $0 != "@" }
    let new = folder.url.appending(path: "mail/\(name)/new")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: new.path)) ?? []
    return try files.map { ReceivedLetter(parsing: [UInt8](try Data(contentsOf: new.appending(path: $0)))) }
  }

  private var main: String {
    """
    compatibility_level = 3.6
    queue_directory = \(folder.file("queue"))
    data_directory = \(folder.file("data"))
    maillog_file = \(folder.file("log"))
    maillog_file_prefixes = \(folder.path)
    inet_interfaces = 127.0.0.1
    inet_protocols = ipv4
    myhostname = relay.test
    mydestination =
    mynetworks = 127.0.0.0/8
    alias_maps =
    default_transport = error:nothing leaves this test
    relay_transport = error:nothing leaves this test
    virtual_mailbox_domains = resident.example
    virtual_mailbox_base = \(folder.file("mail"))
    virtual_mailbox_maps = inline:{ \(Self.mailboxes) }
    virtual_uid_maps = static:65534
    virtual_gid_maps = static:65534
    recipient_delimiter = +
    relay_domains = gone.example bounces.example
    transport_maps = inline:{ \(transports) }
    bouncepipe_destination_recipient_limit = 1
    smtpd_tls_security_level = may
    smtpd_tls_cert_file = \(folder.file("certificate.pem"))
    smtpd_tls_key_file = \(folder.file("key.pem"))
    smtpd_tls_auth_only = yes
    smtpd_sasl_auth_enable = \(wiring.login == nil ? "no" : "yes")
    smtpd_sasl_type = dovecot
    smtpd_sasl_path = inet:127.0.0.1:\(wiring.login ?? 0)
    smtpd_recipient_restrictions = \(wiring.login == nil ? "permit_mynetworks" : "permit_sasl_authenticated"), reject
    smtpd_relay_restrictions = \(wiring.login == nil ? "permit_mynetworks" : "permit_sasl_authenticated"), reject

    """
  }

  private var transports: String {
    [wiring.next.map { "{ gone.example = smtp:[127.0.0.1]:\($0) }" }, "{ bounces.example = bouncepipe: }"]
      .compactMap(\.self).joined(separator: ", ")
  }

  /// Who has a mailbox; anyone else of the domain is refused.
  private static let mailboxes = ["ann", "bob"].map { "{ \($0)@resident.example = \($0)/ }" }.joined(separator: ", ")

  private var services: String {
    """
    127.0.0.1:\(port) inet n - n - - smtpd
    127.0.0.1:\(implicitPort) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
    cleanup unix n - n - 0 cleanup
    qmgr unix n - n 300 1 qmgr
    tlsmgr unix - - n 1000? 1 tlsmgr
    rewrite unix - - n - - trivial-rewrite
    bounce unix - - n - 0 bounce
    defer unix - - n - 0 bounce
    trace unix - - n - 0 bounce
    error unix - - n - - error
    retry unix - - n - - error
    virtual unix - n n - - virtual
    smtp unix - - n - - smtp
    bouncepipe unix - n n - 2 pipe flags=R user=nobody argv=\(wiring.bouncePipe ?? "/bin/false") ${original_recipient}
    proxymap unix - - n - - proxymap
    anvil unix - - n - 1 anvil
    postlog unix-dgram n - n - 1 postlogd

    """
  }

  private func run(_ name: String, _ arguments: String...) async throws {
    guard let program = Machine.program(name) else { throw TestFault("\(name) is not installed") }
    let result = try await Machine.run(program, arguments)
    guard result.status == 0 else { throw TestFault("\(name): \(result.output) \(result.errors)") }
  }
}
