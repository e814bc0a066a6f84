import Foundation

/// A link an operator may give: http or https, with a host and without credentials.
enum WebLink {
  static func check(_ text: String) -> String? {
    guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }),
      let components = URLComponents(string: text), let scheme = components.scheme?.lowercased(),
      ["http", "https"].contains(scheme), components.host?.isEmpty == false, components.user == nil
    else { return nil }
    return components.string
  }
}
