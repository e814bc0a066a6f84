import Foundation

/// A time with its offset (RFC 3339 §5.6), kept as it was written.
struct RFC3339: Equatable, Sendable {
  var text: String
  var date: Date

  init?(_ text: String) {
    let formatter = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
    let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let upper = text.uppercased()
    guard upper.utf8.count >= 20, upper.dropFirst(10).first == "T",
      let date = (try? formatter.parse(upper)) ?? (try? fractional.parse(upper)),
      (Self.earliest...Self.latest).contains(date.timeIntervalSince1970)
    else { return nil }
    self.text = text
    self.date = date
  }

  /// Years 1800 to 2200: outside it somebody mistyped.
  private static let earliest = -5_364_662_400.0
  private static let latest = 7_258_118_400.0

  /// UTC with a Z, for answers.
  static func format(_ date: Date) -> String { date.formatted(.iso8601) }
}
