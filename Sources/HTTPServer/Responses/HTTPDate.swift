import Foundation

/// HTTP-date (RFC 9110 §5.6.7), for `Date`, `Last-Modified` and `If-Modified-Since`.
public enum HTTPDate {
  /// IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", for seconds since 1970.
  public static func format(secondsSince1970 seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    let day = days[Int(parts.tm_wday)]
    let month = months[Int(parts.tm_mon)]
    return "\(day), \(two(parts.tm_mday)) \(month) \(parts.tm_year + 1900) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }

  /// Seconds since 1970 for any of the three formats a recipient must accept: IMF-fixdate, RFC 850 and asctime.
  /// - Parameter now: decides the century of RFC 850's two-digit year: not more than 50 years ahead.
  public static func parse(_ text: String, now: Int) -> Int? {
    let words = text.split(separator: " ").map(String.init)
    switch words.count {
    case 6 where words[0].hasSuffix(","):
      return words[5] == "GMT" ? seconds(day: words[1], month: words[2], year: words[3], time: words[4]) : nil
    case 4 where words[0].hasSuffix(","):
      let date = words[1].split(separator: "-").map(String.init)
      guard date.count == 3, date[2].utf8.count == 2, let short = Int(decimalDigits: date[2].utf8), words[3] == "GMT"
      else { return nil }
      let year = fullYear(short, now: now)
      return seconds(day: date[0], month: date[1], year: String(year), time: words[2])
    case 5: return seconds(day: words[2], month: words[1], year: words[4], time: words[3])
    default: return nil
    }
  }

  private static func fullYear(_ short: Int, now: Int) -> Int {
    let thisYear = Int(format(secondsSince1970: now).dropFirst(12).prefix(4)) ?? 1970
    let year = thisYear - thisYear % 100 + short
    return year > thisYear + 50 ? year - 100 : year
  }

  private static func seconds(day: String, month: String, year: String, time: String) -> Int? {
    let clock = time.split(separator: ":").map { Int(decimalDigits: $0.utf8) ?? -1 }
    guard let day = Int(decimalDigits: day.utf8), let month = months.firstIndex(of: month), year.utf8.count == 4,
      let year = Int(decimalDigits: year.utf8), (1...31).contains(day), clock.count == 3,
      (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
    else { return nil }
    var parts = tm()
    parts.tm_year = Int32(year - 1900)
    parts.tm_mon = Int32(month)
    parts.tm_mday = Int32(day)
    return timegm(&parts) + clock[0] * 3_600 + clock[1] * 60 + clock[2]
  }

  private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
