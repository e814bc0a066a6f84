import Foundation

/// How many of the process's descriptors connections may use. The rest is for the program itself: its files, and
/// Dispatch, which opens one under `/proc` each second to look at its threads and ends the process when it can't.
struct DescriptorBudget: Sendable {
  private let ceiling: Int32

  /// Kept for others; of a very low limit at most a half.
  private static let reserved: Int32 = 32

  init() {
    var limit = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    let total = isKnown ? Int32(clamping: limit.rlim_cur) : .max
    ceiling = max(total / 2, total - Self.reserved)
  }

  /// The system gives the lowest free number, so a high one says how many are in use.
  func allows(_ descriptor: Int32) -> Bool { descriptor < ceiling }
}
