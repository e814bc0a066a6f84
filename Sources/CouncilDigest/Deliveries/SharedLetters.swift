import Foundation
import GRDB
import Mail
import Synchronization

/// What the letters that leave now share, encoded. Letters leave edition by edition, so little is needed at a time.
final class SharedLetters: Sendable {
  private enum Key: Hashable {
    case edition(Int64)
    case letter(Int64)
  }

  private struct Kept {
    var letters: [Key: SharedLetter] = [:]
    var bytes = 0
  }

  private let store: Store
  private let editions: ComposeEdition
  private let assembly: LetterAssembly
  private let kept = Mutex(Kept())
  private static let maximumBytes = 8 * 1024 * 1024

  init(store: Store, editions: ComposeEdition, assembly: LetterAssembly) {
    self.store = store
    self.assembly = assembly
    self.editions = editions
  }

  /// What a letter shares with others. An edition is rendered at its first, and stored before that leaves: whatever happens, every
  /// later attempt is the same bytes. Nil when there is nothing left to say.
  func letter(of mail: OutgoingMail) throws -> SharedLetter? {
    if let id = mail.letterBodyID {
      return try shared(.letter(id), mail.kind) { try store.readBlocking { try LetterBody.fetch(id, $0) } }
    }
    guard let id = mail.editionID else { return nil }
    return try shared(.edition(id), mail.kind) {
      let (stored, rendered) = try store.readBlocking { database -> (LetterBody?, LetterBody?) in
        if let stored = try ComposeEdition.stored(id, database) { return (stored, nil) }
        return (nil, try editions.body(of: id, database))
      }
      if let stored { return stored }
      return try rendered.map { body in try store.writeTogether { try ComposeEdition.keep(body, of: id, $0) } }
    }
  }

  private func shared(_ key: Key, _ kind: OutgoingMail.Kind, _ load: () throws -> LetterBody?) throws -> SharedLetter? {
    if let letter = kept.withLock({ $0.letters[key] }) { return letter }
    guard let letter = try load().map({ assembly.shared(kind, $0) }) else { return nil }
    kept.withLock { kept in
      if kept.bytes > Self.maximumBytes { kept = Kept() }
      kept.letters[key] = letter
      kept.bytes += letter.byteCount
    }
    return letter
  }
}
