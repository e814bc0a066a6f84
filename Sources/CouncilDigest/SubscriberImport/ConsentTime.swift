import Foundation

/// The time of a consent as other programs write it: RFC 3339, a day alone, or with a space, a fraction and a zone in
/// other shapes. What names no zone is UTC.
enum ConsentTime {
  static func parse(_ text: String) -> Date? {
    let shape =
      /(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?: [A-Z]{3,4})?/
    guard let match = text.wholeMatch(of: shape) else { return nil }
    let time = match.2.map { "\($0)\(match.3 ?? ":00")" } ?? "00:00:00"
    return RFC3339("\(match.1)T\(time)\(zone(match.4))")?.date
  }

  private static func zone(_ text: Substring?) -> String {
    guard let text, let sign = text.first, sign == "+" || sign == "-" else { return "Z" }
    return text.contains(":") ? String(text) : "\(text.prefix(3)):\(text.suffix(2))"
  }
}
