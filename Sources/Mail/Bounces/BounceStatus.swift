/// Statuses of RFC 3463 and reply codes of RFC 5321 in free text.
enum BounceStatus {
  /// The first `4.x.x` or `5.x.x` that is no part of a longer number, such as an IP address.
  static func find(in text: some StringProtocol) -> String? {
    String(text).firstMatch(of: status).map { "\($0.1).\($0.2).\($0.3)" }
  }

  /// One that a server gave: behind the code of a reply, behind a number sign, or in a field.
  static func given(in text: some StringProtocol) -> String? {
    String(text).firstMatch(of: givenStatus).map { "\($0.1).\($0.2).\($0.3)" }
  }

  /// The first reply code that says no.
  static func code(in text: some StringProtocol) -> Int? {
    String(text).firstMatch(of: replyCode).flatMap { Int($0.1) }
  }

  // A literal in a function would be compiled at each call.

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let status =
    /(?:^|[^0-9.])([45])\.([0-7])\.(\d{1,3})(?![0-9]|\.[0-9])/

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let givenStatus =
    /(?:[45]\d\d[ \-]+(?:smtp;\s?)?#?|#|[Ss]tatus: ?)([45])\.([0-7])\.(\d{1,3})(?![0-9]|\.[0-9])/

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let replyCode =
    /(?:^|[^0-9.])(421|45[0-5]|50[0-4]|52[13]|53[0458]|55[0-7]|571)(?=[\-:,#>]|[ \t]+[^0-9 ]|$)/
}
