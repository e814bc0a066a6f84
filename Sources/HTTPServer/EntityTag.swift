/// A strong entity tag (RFC 9110 §8.8.3).
public struct EntityTag: Equatable, Sendable {
  /// Quoted, as it stands in `ETag`.
  public let text: String

  /// - Parameter opaque: visible ASCII without quotes.
  public init(_ opaque: String) {
    text = "\"\(opaque)\""
  }

  /// Whether an `If-None-Match` value names this tag, by the weak comparison of RFC 9110 §13.1.2.
  public func isMatched(byIfNoneMatch value: String) -> Bool {
    if value.trimmingOptionalWhitespace == "*" { return true }
    return value.split(separator: ",").contains { part in
      let tag = part.trimmingOptionalWhitespace
      return tag == text || tag == "W/\(text)"
    }
  }
}
