import Mail

/// When an address that refuses letters gets no more. Pure.
enum SuppressionRule {
  /// The mailbox does not exist, and never will: RFC 3463 §3.2 and §3.5, with RFC 7505 for domains without mail.
  private static let gone: Set<String> = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"]
  /// Runs in a row with a permanent refusal of another kind.
  private static let hardRuns = 3
  /// Runs in a row with a temporary one that never passed.
  private static let softRuns = 5

  /// - Parameter runsInARow: whose letters came back, this one included.
  /// - Returns: why the address is suppressed from now on, or nil.
  static func reason(
    for kind: BounceReport.Kind,
    status: String?,
    runsInARow: Int
  ) -> String? {
    switch kind {
    case .complaint: "the reader complained"
    case .hard where status.map(gone.contains) ?? false: "there is no such mailbox (\(status ?? ""))"
    case .hard where runsInARow >= hardRuns: "it refused the letters of \(runsInARow) runs in a row"
    case .soft where runsInARow >= softRuns: "it did not take the letters of \(runsInARow) runs in a row"
    case .hard, .soft: nil
    }
  }
}
