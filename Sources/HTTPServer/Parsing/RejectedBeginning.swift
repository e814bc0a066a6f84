/// What the first bytes of a request that was rejected say, for the form of its answer; nothing about them is certain.
struct RejectedBeginning: Equatable, Sendable {
  /// The answer to HEAD has no content, however wrong it was.
  var isHEAD = false
  /// Without the query.
  var path: String?

  init() {}

  init(_ bytes: ArraySlice<UInt8>) {
    isHEAD = bytes.starts(with: "HEAD ".utf8)
    let target = bytes.prefix(Self.longestMethod + Self.longestPath).drop { $0 > 0x20 }.dropFirst()
    guard target.first == 0x2F else { return }
    // Up to a space, the query or the end of the line.
    path = String(decoding: target.prefix { $0 > 0x20 && $0 < 0x7F && $0 != 0x3F }, as: UTF8.self)
  }

  private static let longestMethod = 256
  private static let longestPath = 1_024
}
