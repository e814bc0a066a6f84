import Foundation

/// A mailbox of Dovecot's on loopback, read by POP3. Needs root, as Dovecot does.
public final class DovecotMailbox: @unchecked Sendable {
  // because one test uses it, from its one task.
  public let port: Int
  /// Where a Postfix asks whether a password is right.
  public let loginPort: Int
  public static let password = "mailbox-password"
  private let folder: TemporaryFolder
  private var process: ChildProcess?

  public init() async throws {
    port = try Machine.freePort()
    loginPort = try Machine.freePort()
    folder = try TemporaryFolder()
    chmod(folder.path, 0o755)
    for name in ["run", "mail", "mail/new", "mail/cur", "mail/tmp"] {
      try FileManager.default.createDirectory(at: folder.url.appending(path: name), withIntermediateDirectories: true)
    }
    guard let chown = Machine.program("chown"), let dovecot = Machine.program("dovecot") else {
      throw TestFault("dovecot is not installed (dovecot-pop3d)")
    }
    _ = try await Machine.run(chown, ["-R", "nobody:nogroup", folder.file("mail")])
    try settings.write(toFile: folder.file("dovecot.conf"), atomically: true, encoding: .utf8)
    process = try ChildProcess(
      dovecot,
      ["-F", "-c", folder.file("dovecot.conf")],
      environment: [:],
      folder: folder.path
    )
    _ = try await eventually("Dovecot listens") { try? RawConnection(port: port) }
  }

  deinit { process?.signal(SIGTERM) }

  public func deliver(_ message: [UInt8]) throws {
    let name = "1.\(UInt64.random(in: 0...UInt64.max)).test"
    let temporary = folder.file("mail/tmp/\(name)")
    try Data(message).write(to: URL(filePath: temporary))
    chmod(temporary, 0o666)
    try FileManager.default.moveItem(atPath: temporary, toPath: folder.file("mail/new/\(name)"))
  }

  /// How many messages it holds.
  public func count() throws -> Int {
    try ["new", "cur"].map { try FileManager.default.contentsOfDirectory(atPath: folder.file("mail/\($0)")).count }
      .reduce(0, +)
  }

  private var settings: String {
    """
    protocols = pop3
    listen = 127.0.0.1
    base_dir = \(folder.file("run"))
    state_dir = \(folder.file("run"))
    log_path = \(folder.file("log"))
    ssl = no
    disable_plaintext_auth = no
    mail_location = maildir:\(folder.file("mail"))
    first_valid_uid = 1
    passdb {
      driver = static
      args = password=\(Self.password)
    }
    userdb {
      driver = static
      args = uid=nobody gid=nogroup home=\(folder.path) allow_all_users=yes
    }
    auth_mechanisms = plain login
    service auth {
      inet_listener {
        address = 127.0.0.1
        port = \(loginPort)
      }
    }
    service pop3-login {
      inet_listener pop3 {
        port = \(port)
      }
      inet_listener pop3s {
        port = 0
      }
    }

    """
  }
}
