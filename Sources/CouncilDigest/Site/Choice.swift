/// Something a form offers, to tick or to pick from a list.
struct Choice: Sendable {
  /// What the form sends.
  var value: String
  var name: String
  var isChosen: Bool
}
