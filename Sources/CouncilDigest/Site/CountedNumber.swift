extension Int {
  /// "1,234".
  var grouped: String {
    let digits = Array(String(magnitude))
    let groups = stride(from: digits.count, to: 0, by: -3).map { end in String(digits[Swift.max(0, end - 3)..<end]) }
    return (self < 0 ? "−" : "") + groups.reversed().joined(separator: ",")
  }

  /// "1 letter", "1,234 letters".
  func counted(_ singular: String, _ plural: String? = nil) -> String {
    "\(grouped) \(self == 1 ? singular : plural ?? singular + "s")"
  }
}
