import Crypto
import Foundation
import GRDB

/// Keeps what the sign-up form and the privacy notice say, word for word, each time they change: a consent names the
/// versions that its giver read, and years later somebody may ask what that was.
struct KeepConsentTexts: Sendable {
  let store: Store
  let templates: Templates
  let site: SiteIdentity

  private struct Words {
    var site: String
    var contact: String
    var operatorName: String?
    /// Of the form: what it is about stands in the consent's scope.
    var name = "…"
  }

  func callAsFunction() async throws {
    let words = Words(site: site.name, contact: site.contactEmail, operatorName: site.operatorName)
    let texts = [
      ("form", try templates.render("pages/subscribe-box", words)),
      ("notice", try templates.render("pages/privacy", words)),
    ]
    let now = store.now()
    for (kind, text) in texts {
      let version = Self.version(of: text)
      let inUse = try await store.read { database in
        try String.fetchOne(
          database,
          sql: "SELECT version FROM consent_text WHERE kind = ? AND is_in_use = 1",
          arguments: [kind]
        )
      }
      guard inUse != version else { continue }
      try await store.write { try Self.use(version, of: kind, text, now: now, $0) }
    }
  }

  private static func use(
    _ version: String,
    of kind: String,
    _ text: String,
    now: Date,
    _ database: Database
  ) throws {
    try database.execute(sql: "UPDATE consent_text SET is_in_use = 0 WHERE kind = ?", arguments: [kind])
    try database.execute(
      sql: """
        INSERT INTO consent_text (kind, version, text, first_used_at, is_in_use) VALUES (?, ?, ?, ?, 1)
        ON CONFLICT DO UPDATE SET is_in_use = 1
        """,
      arguments: [kind, version, text, now.milliseconds]
    )
  }

  /// The beginning of its SHA-256: the same words are the same version, and nobody can forget to count one up.
  private static func version(of text: String) -> String {
    String(Data(SHA256.hash(data: Data(text.utf8))).hexadecimal.prefix(12))
  }
}
