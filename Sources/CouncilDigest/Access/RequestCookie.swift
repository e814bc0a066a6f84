import Foundation
import HTTPServer
import HTTPTypes

extension Request {
  private static let longestCookieBytes = 128

  /// The value of a cookie of ours; nil when it is not there, or longer than any of ours.
  func cookie(_ name: String) -> String? {
    for pair in fields[values: .cookie].joined(separator: ";").split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if parts.count == 2, parts[0] == name, parts[1].utf8.count <= Self.longestCookieBytes { return parts[1] }
    }
    return nil
  }
}
