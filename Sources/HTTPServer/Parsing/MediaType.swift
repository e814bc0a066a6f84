/// `type/subtype; name=value` (RFC 9110 §8.3.1).
public struct MediaType: Equatable, Sendable {
  /// `type/subtype` in lower case.
  public var essence: String
  /// Parameter names in lower case.
  public var parameters: [String: String] = [:]

  public init(_ text: String) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    essence = (parts.first ?? "").asciiLowercased.trimmingOptionalWhitespace
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { continue }
      var value = pair[1].trimmingOptionalWhitespace
      if value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
        value = String(value.dropFirst().dropLast())
      }
      parameters[pair[0].asciiLowercased.trimmingOptionalWhitespace] = value
    }
  }
}
