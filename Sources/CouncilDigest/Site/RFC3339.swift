import Foundation

/// A time with its offset (RFC 3339 §5.6), kept as it was written. Read by hand: Foundation's parser takes 30 February
/// for 2 March.
struct RFC3339: Equatable, Sendable {
  var text: String
  var date: Date

  init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ start: Int, _ count: Int) -> Int? {
      guard start + count <= bytes.count else { return nil }
      return bytes[start..<start + count].reduce(0 as Int?) { sum, byte in
        guard let sum, (0x30...0x39).contains(byte) else { return nil }
        return sum * 10 + Int(byte - 0x30)
      }
    }
    func stands(_ characters: String, at index: Int) -> Bool {
      index < bytes.count && characters.utf8.contains(bytes[index])
    }
    guard let year = number(0, 4), stands("-", at: 4), let month = number(5, 2), stands("-", at: 7),
      let day = number(8, 2), stands("Tt", at: 10), let hour = number(11, 2), stands(":", at: 13),
      let minute = number(14, 2), stands(":", at: 16), let second = number(17, 2)
    else { return nil }
    var end = 19
    var fraction = 0.0
    if stands(".", at: end) {
      let digits = bytes[20...].prefix { (0x30...0x39).contains($0) }
      guard (1...9).contains(digits.count) else { return nil }
      fraction = Double("0." + String(decoding: digits, as: UTF8.self)) ?? 0
      end = digits.endIndex
    }
    var offset = 0
    if stands("Zz", at: end) {
      end += 1
    } else {
      guard stands("+-", at: end), let hours = number(end + 1, 2), stands(":", at: end + 3),
        let minutes = number(end + 4, 2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 3_600 + minutes * 60) * (bytes[end] == 0x2D ? -1 : 1)
      end += 6
    }
    guard end == bytes.count, Self.years.contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60,
      (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    let seconds = Self.days(to: day, month, year) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    self.text = text
    self.date = Date(timeIntervalSince1970: Double(seconds) + fraction)
  }

  /// Outside these somebody mistyped.
  private static let years = 1_800...2_200

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970 in the Gregorian calendar; the year is taken to begin in March, so that a leap day ends it.
  private static func days(to day: Int, _ month: Int, _ year: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
  }

  /// UTC with a Z, for answers.
  static func format(_ date: Date) -> String { date.formatted(.iso8601) }
}
