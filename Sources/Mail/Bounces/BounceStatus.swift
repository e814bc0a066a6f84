/// Statuses of RFC 3463 and reply codes of RFC 5321 in free text.
enum BounceStatus {
  /// The first `4.x.x` or `5.x.x` that is no part of a longer number, such as an IP address.
  static func find(in text: some StringProtocol) -> String? {
    String(text).firstMatch(of: /(?:^|[^0-9.])([45])\.(\d{1,3})\.(\d{1,3})(?![0-9]|\.[0-9])/)
      .map { "\($0.1).\($0.2).\($0.3)" }
  }

  /// The first reply code that says no.
  static func code(in text: some StringProtocol) -> Int? {
    String(text).firstMatch(of: /(?:^|[^0-9.])([45][0-5]\d)(?=[ \-:,#]|$)/).flatMap { Int($0.1) }
  }
}
