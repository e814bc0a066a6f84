/// Whether a client takes gzip, from `Accept-Encoding` (RFC 9110 §12.5.3).
enum ContentCoding {
  /// gzip is allowed by name or by `*`, and not ranked below identity.
  static func acceptsGzip(_ value: some Collection<UInt8>) -> Bool {
    var gzip: Int?
    var identity: Int?
    var anything: Int?
    for element in Array(value)[...].split(separator: 0x2C).prefix(maximumElements) {
      let parts = element.split(separator: 0x3B, maxSplits: 1)
      guard let name = parts.first?.trimmingOptionalWhitespace else { continue }
      let weight = parts.count > 1 ? thousandths(parts[1].trimmingOptionalWhitespace) : 1_000
      if name.isASCIIEqual(lowercase: "gzip") || name.isASCIIEqual(lowercase: "x-gzip") {
        gzip = weight
      } else if name.isASCIIEqual(lowercase: "identity") {
        identity = weight
      } else if name.isASCIIEqual(lowercase: "*") {
        anything = weight
      }
    }
    let rank = gzip ?? anything ?? 0
    return rank > 0 && rank >= identity ?? 0
  }

  private static let maximumElements = 32

  /// `q=` with up to three decimals; anything else is 0, so that nothing is sent which was not clearly asked for.
  private static func thousandths(_ text: ArraySlice<UInt8>) -> Int {
    guard text.prefix(2).isASCIIEqual(lowercase: "q=") else { return 0 }
    let digits = Array(text.dropFirst(2))
    guard let first = digits.first, first == 0x30 || first == 0x31 else { return 0 }
    guard digits.count > 1 else { return first == 0x31 ? 1_000 : 0 }
    let decimals = digits.dropFirst(2)
    guard digits[1] == 0x2E, decimals.count <= 3, decimals.allSatisfy(isDigit) else { return 0 }
    let fraction = decimals.enumerated().reduce(0) { $0 + Int($1.element - 0x30) * [100, 10, 1][$1.offset] }
    return first == 0x31 ? (fraction == 0 ? 1_000 : 0) : fraction
  }
}
