/// A strong entity tag (RFC 9110 §8.8.3).
public struct EntityTag: Equatable, Sendable {
  /// Quoted, as it stands in `ETag`.
  public let text: String

  /// - Parameter opaque: visible ASCII without quotes.
  public init(_ opaque: String) {
    text = "\"\(opaque)\""
  }

  /// Reads an `ETag` field; nil for a weak or a broken one.
  public init?(field value: String) {
    guard value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return nil }
    text = value
  }

  /// The tag of the same content in another coding, which must differ (RFC 9110 §8.8.3.3).
  public func coded(_ coding: String) -> EntityTag { EntityTag("\(text.dropFirst().dropLast())-\(coding)") }

  /// Whether an `If-None-Match` value names this tag, by the weak comparison of RFC 9110 §13.1.2.
  public func isMatched(byIfNoneMatch value: String) -> Bool { isListed(in: value, weakly: true) }

  /// Whether an `If-Match` value names this tag, by the strong comparison of RFC 9110 §13.1.1.
  public func isMatched(byIfMatch value: String) -> Bool { isListed(in: value, weakly: false) }

  private func isListed(in value: String, weakly: Bool) -> Bool {
    if value.trimmingOptionalWhitespace == "*" { return true }
    return value.split(separator: ",").contains { part in
      let tag = part.trimmingOptionalWhitespace
      return tag == text || weakly && tag == "W/\(text)"
    }
  }
}
