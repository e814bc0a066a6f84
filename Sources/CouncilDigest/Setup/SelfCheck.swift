import Foundation
import Mail

/// What `check` looks at: the store and the way out for mail. Nothing is sent.
public struct SelfCheck: Sendable {
  /// One thing that was looked at.
  public struct Finding: Equatable, Encodable, Sendable {
    /// It was read.
    public static let configuration = Finding(subject: "configuration")

    public var subject: String
    /// What is wrong, or nil.
    public var problem: String?
    /// What is worth knowing though nothing is wrong.
    public var note: String?

    init(subject: String, problem: String? = nil, note: String? = nil) {
      (self.subject, self.problem, self.note) = (subject, problem, note)
    }
  }

  private let configuration: Configuration

  public init(_ configuration: Configuration) {
    self.configuration = configuration
  }

  public func findings() -> [Finding] {
    [store, mail, signature, bounceMailbox].compactMap(\.self) + MachineCheck(configuration: configuration).findings()
  }

  private var store: Finding {
    let subject = "store \(configuration.storePath)"
    if ControlSocket(path: ControlSocket.path(besideStoreAt: configuration.storePath)).isServed {
      return Finding(subject: subject + " (in use by a service that runs)")
    }
    guard FileManager.default.fileExists(atPath: configuration.storePath) else {
      let folder = URL(filePath: configuration.storePath).deletingLastPathComponent()
      return Finding(
        subject: subject + " (there is none yet: the first start makes it)",
        problem: Self.problem(making: folder)
      )
    }
    do {
      _ = try Store(path: configuration.storePath, migrations: configuration.migrationsFolder)
      return Finding(subject: subject)
    } catch {
      return Finding(subject: subject, problem: "\(error)")
    }
  }

  /// Why a folder, and those above it, could not be made or written.
  private static func problem(making folder: URL) -> String? {
    var place = folder.standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
    return access(place.path, W_OK | X_OK) == 0 ? nil : "\(place.path) can’t be written"
  }

  private var signature: Finding? {
    guard configuration.mail.dkim.keyFile != nil else { return nil }
    let subject = "signature of \(configuration.mail.dkim.domain) (DKIM)"
    do {
      _ = try configuration.mail.dkim.signer()
      return Finding(subject: subject)
    } catch {
      return Finding(subject: subject, problem: "\(error)")
    }
  }

  private var bounceMailbox: Finding? {
    guard let mailbox = configuration.mail.bounceMailbox else { return nil }
    let subject = "mailbox for bounces at \(mailbox.host):\(mailbox.port)"
    do {
      _ = try mailbox.messages(limit: 0)
      return Finding(subject: subject)
    } catch {
      return Finding(subject: subject, problem: "\(error)")
    }
  }

  private var mail: Finding {
    do {
      switch configuration.mail.way {
      case .maildir(let folder):
        let subject = "mail into the Maildir \(folder)"
        guard FileManager.default.fileExists(atPath: folder) else {
          return Finding(
            subject: subject + " (there is none yet: the first letter makes it)",
            problem: Self.problem(making: URL(filePath: folder))
          )
        }
        return Finding(subject: subject, problem: try Maildir(folder: URL(filePath: folder)).problem())
      case .smtp(let settings):
        let problem = try SMTPTransport(settings).problem()
        return Finding(subject: "mail through \(settings.host):\(settings.port)", problem: problem)
      }
    } catch {
      return Finding(subject: "mail", problem: "\(error)")
    }
  }
}
