import Mustache

/// Something a form offers, to tick or to pick from a list.
struct Choice: MustacheParent, Sendable {
  /// What the form sends.
  var value: String
  var name: String
  var isChosen: Bool

  /// Some lists have four hundred: by reflection each would take as long as all else of its page.
  func child(named name: String) -> Any? {
    switch name {
    case "value": value
    case "name": self.name
    case "isChosen": isChosen
    default: nil
    }
  }
}
