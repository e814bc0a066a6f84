import Foundation
import GRDB
import Mail
import Synchronization

/// The bodies of letters that leave now, ready to be filled with each reader's links. Letters leave edition by edition, so
/// few are needed at a time.
final class PreparedBodies: Sendable {
  private enum Key: Hashable {
    case edition(Int64)
    case letter(Int64)
  }

  private struct Kept {
    var bodies: [Key: PreparedBody] = [:]
    var bytes = 0
  }

  private let store: Store
  private let editions: ComposeEdition
  private let kept = Mutex(Kept())
  private static let maximumBytes = 8 * 1024 * 1024

  init(store: Store, editions: ComposeEdition) {
    self.store = store
    self.editions = editions
  }

  /// The body of a letter. An edition is rendered at its first, and stored before that leaves: whatever happens, every
  /// later attempt is the same bytes. Nil when there is nothing left to say.
  func body(of mail: OutgoingMail) throws -> PreparedBody? {
    if let id = mail.letterBodyID {
      return try prepared(.letter(id)) { try store.readBlocking { try LetterBody.fetch(id, $0) } }
    }
    guard let id = mail.editionID else { return nil }
    return try prepared(.edition(id)) {
      let (stored, rendered) = try store.readBlocking { database -> (LetterBody?, LetterBody?) in
        if let stored = try ComposeEdition.stored(id, database) { return (stored, nil) }
        return (nil, try editions.body(of: id, database))
      }
      if let stored { return stored }
      return try rendered.map { body in try store.writeTogether { try ComposeEdition.keep(body, of: id, $0) } }
    }
  }

  private func prepared(_ key: Key, _ load: () throws -> LetterBody?) throws -> PreparedBody? {
    if let body = kept.withLock({ $0.bodies[key] }) { return body }
    guard let body = try load()?.prepared else { return nil }
    kept.withLock { kept in
      if kept.bytes > Self.maximumBytes { kept = Kept() }
      kept.bodies[key] = body
      kept.bytes += body.byteCount
    }
    return body
  }
}
