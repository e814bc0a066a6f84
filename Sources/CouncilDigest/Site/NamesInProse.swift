extension [String] {
  /// "A, B and C", or "A, of B; C; and D"; of more than `maximum` the first and how many more.
  func inProse(atMost maximum: Int = 12) -> String {
    let hasCommas = contains { $0.contains(",") }
    let (separator, conjunction) = hasCommas ? ("; ", "; and ") : (", ", " and ")
    guard count <= maximum else {
      return prefix(maximum).joined(separator: separator) + conjunction + "\(count - maximum) more"
    }
    guard let last, count > 1 else { return first ?? "" }
    return dropLast().joined(separator: separator) + conjunction + last
  }
}
