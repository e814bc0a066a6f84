import Mail

/// When an address that refuses letters gets no more. Pure.
enum SuppressionRule {
  /// How one digest to the address ended.
  enum Ending: Equatable, Sendable {
    case arrived, hard, soft
    /// It says nothing about the address: it waited too long, or all the run's letters were refused for what we are.
    case unknown
  }

  /// The mailbox does not exist, and never will: RFC 3463 §3.2 and §3.5, with RFC 7505 for domains without mail.
  private static let gone: Set<String> = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"]
  /// Digests in a row with a permanent refusal of another kind.
  private static let hardInARow = 3
  /// Digests in a row that were refused, most of them for the time being.
  static let refusedInARow = 5

  /// - Parameter endings: of the address's digests, the newest first, beginning with what is judged.
  /// - Returns: why the address is suppressed from now on, or nil.
  static func reason(for report: BounceReport, _ endings: [Ending]) -> String? {
    switch report.kind {
    case .complaint: return Suppression.complaint
    case .hard where isGone(report): return "there is no such mailbox (\(report.status ?? ""))"
    case .hard, .soft: break
    }
    let row = endings.prefix { $0 != .arrived }
    let (hard, soft) = (row.count { $0 == .hard }, row.count { $0 == .soft })
    if hard >= hardInARow { return "it refused \(hard) digests in a row" }
    if hard + soft >= refusedInARow { return "it did not take \(hard + soft) digests in a row" }
    return nil
  }

  /// Only what a server said counts at once; what its words seem to mean is counted like any other refusal.
  static func isGone(_ report: BounceReport) -> Bool {
    !report.isStatusInferred && report.status.map(gone.contains) ?? false
  }
}
