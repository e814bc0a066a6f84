import Foundation

/// The columns of a file of subscribers, by its first line: our own, or those of a listmonk or Mailchimp export. Columns
/// come in any order.
struct SubscriberTable: Equatable, Sendable {
  enum Dialect: String, Sendable {
    case own, listmonk, mailchimp
  }

  /// One row, read but not checked against the store.
  struct Row: Equatable, Sendable {
    var email: String
    var councils: [String] = []
    var topics: [String] = []
    var query: String?
    var consentAt: Date
    /// Where and how it was given.
    var evidence: String
  }

  /// Why a row is refused, as a sentence.
  struct Problem: Error, Equatable {
    var detail: String
  }

  let dialect: Dialect
  /// Those that say nothing to us.
  let ignoredColumns: [String]
  private let indexes: [String: Int]

  private static let ownColumns = ["email", "council", "topic", "query", "consent_at", "consent_source"]
  private static let mailchimpColumns = ["email address", "optin_time", "confirm_time", "unsub_time", "clean_time"]
  private static let listmonkColumns = ["email", "attributes", "status", "created_at"]

  /// - Throws: `Refusal.invalid`.
  init(header: [String]) throws {
    let names = header.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    if names.contains("email address") {
      dialect = .mailchimp
    } else if names.contains("uuid"), names.contains("status"), names.contains("created_at") {
      dialect = .listmonk
    } else if names.contains("email") {
      dialect = .own
    } else {
      throw Self.invalid(
        "The first line must name the columns: \(Self.ownColumns.joined(separator: ",")), of which there is no email. "
          + "Exports of listmonk and Mailchimp are known too"
      )
    }
    let known =
      switch dialect {
      case .own: Self.ownColumns
      case .listmonk: Self.listmonkColumns
      case .mailchimp: Self.mailchimpColumns
      }
    // Somebody may have added these to an export.
    let wanted = Set(known + Self.ownColumns)
    var indexes: [String: Int] = [:]
    var ignored: [String] = []
    for (index, name) in names.enumerated() {
      if !wanted.contains(name) {
        if ignored.count < 50 { ignored.append(String(header[index].prefix(100))) }
      } else if indexes.updateValue(index, forKey: name) != nil {
        throw Self.invalid("The first line names the column \(name) twice")
      }
    }
    self.indexes = indexes
    ignoredColumns = ignored
  }

  private static func invalid(_ detail: String) -> Refusal { .invalid([FieldProblem("", detail)]) }

  func row(_ fields: [String]) throws(Problem) -> Row {
    let email = value("email address", fields) ?? value("email", fields) ?? ""
    if let ended = ended(fields) { throw Problem(detail: ended) }
    let consent = try consent(fields)
    return Row(
      email: email,
      councils: list("council", fields),
      topics: list("topic", fields),
      query: value("query", fields),
      consentAt: consent.at,
      evidence: consent.evidence
    )
  }

  /// Nil when it is empty or not there.
  private func value(_ name: String, _ fields: [String]) -> String? {
    guard let index = indexes[name], index < fields.count else { return nil }
    let text = fields[index].trimmingCharacters(in: .whitespacesAndNewlines)
    // Only our own export puts apostrophes before what looks like a formula.
    let restored = dialect == .own ? SpreadsheetCell.restored(text) : text
    return restored.isEmpty ? nil : restored
  }

  /// Several in one field stand between semicolons, which no slug has.
  private func list(_ name: String, _ fields: [String]) -> [String] {
    (value(name, fields) ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// That they left, or were given up, where they come from.
  private func ended(_ fields: [String]) -> String? {
    switch dialect {
    case .own: return nil
    case .mailchimp:
      if value("unsub_time", fields) != nil { return "They have unsubscribed there" }
      return value("clean_time", fields) == nil ? nil : "Mailchimp gave the address up: its letters came back"
    case .listmonk:
      guard let status = value("status", fields)?.lowercased(), status != "enabled" else { return nil }
      return "Their status there is \(status.prefix(40))"
    }
  }

  // MARK: Consent

  private func consent(_ fields: [String]) throws(Problem) -> (at: Date, evidence: String) {
    if let own = try ownConsent(fields) { return own }
    switch dialect {
    case .own:
      let missing = ["consent_at", "consent_source"].filter { value($0, fields) == nil }
      let words = missing.joined(separator: " and ") + (missing.count == 1 ? " is empty" : " are empty")
      throw Problem(detail: "There is no evidence of consent: \(words)")
    case .mailchimp:
      if let confirmed = value("confirm_time", fields) {
        return (try time(confirmed, "CONFIRM_TIME"), "Mailchimp, confirmed sign-up")
      }
      guard let optedIn = value("optin_time", fields) else {
        throw Problem(detail: "There is no evidence of consent: OPTIN_TIME and CONFIRM_TIME are empty")
      }
      return (try time(optedIn, "OPTIN_TIME"), "Mailchimp, sign-up")
    case .listmonk:
      let attributes = Self.attributes(value("attributes", fields) ?? "")
      if let at = attributes["consent_at"] {
        return (try time(at, "consent_at"), attributes["consent_source"] ?? "listmonk, attributes")
      }
      guard let created = value("created_at", fields) else {
        throw Problem(detail: "There is no evidence of consent: created_at is empty, and attributes have no consent_at")
      }
      return (try time(created, "created_at"), "listmonk, sign-up")
    }
  }

  /// As our own columns have it.
  private func ownConsent(_ fields: [String]) throws(Problem) -> (at: Date, evidence: String)? {
    guard let at = value("consent_at", fields), let source = value("consent_source", fields) else { return nil }
    guard source.count <= 500, PlainText.isSingleLine(source) else {
      throw Problem(detail: "consent_source is one line of at most 500 characters")
    }
    return (try time(at, "consent_at"), source)
  }

  private func time(_ text: String, _ column: String) throws(Problem) -> Date {
    guard let date = ConsentTime.parse(text) else {
      throw Problem(detail: "\(column) is no time like 2025-09-30T14:00:00Z: “\(text.prefix(60))”")
    }
    return date
  }

  private static func attributes(_ text: String) -> [String: String] {
    guard case .object(let members)? = try? JSONValue.parse(Array(text.utf8)) else { return [:] }
    return members.compactMapValues { value in
      guard case .string(let text) = value else { return nil }
      return PlainText.isSingleLine(text) && text.count <= 500 ? text : nil
    }
  }
}
