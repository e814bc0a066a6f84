import Foundation

/// The addresses a stranger's text may link to.
public enum SafeLink {
  /// The address re-serialised, when it is an http, https or mailto address; otherwise nil.
  public static func check(_ address: String) -> String? {
    guard address.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }),
      let components = URLComponents(string: address), let scheme = components.scheme?.lowercased()
    else { return nil }
    switch scheme {
    case "http", "https": return components.host?.isEmpty == false && components.user == nil ? components.string : nil
    case "mailto": return components.string
    default: return nil
    }
  }
}
