import Foundation

/// The date-time of RFC 5322 §3.3, in UTC: "Sat, 21 Nov 2026 08:00:00 +0000".
enum MailDate {
  /// Names are English: a process keeps to the C locale unless it asks for another.
  static func format(_ date: Date) -> String {
    var time = time_t(date.timeIntervalSince1970.rounded(.down))
    var parts = tm()
    gmtime_r(&time, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { text in
      guard let start = text.baseAddress else { return "" }
      let length = strftime(start, text.count, "%a, %-d %b %Y %T +0000", &parts)
      return String(decoding: UnsafeRawBufferPointer(text)[..<length], as: UTF8.self)
    }
  }
}
