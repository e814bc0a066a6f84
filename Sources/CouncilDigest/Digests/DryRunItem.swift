import Foundation

/// The plan of a run that was not started, as the API shows it.
struct DryRunItem: Encodable, Sendable {
  struct Meeting: Encodable, Sendable {
    /// `council/slug`.
    var meeting: String
    var title: String
    var recipients: Int
  }

  struct Edition: Encodable, Sendable {
    var subject: String
    var items: Int
    var recipients: Int
    var htmlBytes: Int
    var isShortened: Bool
    /// One who gets it, to preview it with.
    var exampleSubscriber: Int64
  }

  /// Of the HTML parts that were rendered, without encoding.
  struct Sizes: Encodable, Sendable {
    var rendered: Int
    var smallestBytes: Int
    var medianBytes: Int
    var largestBytes: Int
    let limitBytes = ComposeEdition.maximumHTMLBytes

    init(_ sizes: [Int]) {
      let sorted = sizes.sorted()
      rendered = sorted.count
      smallestBytes = sorted.first ?? 0
      medianBytes = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
      largestBytes = sorted.last ?? 0
    }

    private enum CodingKeys: CodingKey { case rendered, smallestBytes, medianBytes, largestBytes, limitBytes }
  }

  /// How the readers' own queries were matched.
  struct Matching: Encodable, Sendable {
    var queries = 0
    var meetings = 0
    var matches = 0
    var seconds = 0.0

    init(_ tally: MatchQueries.Tally) {
      queries = tally.asked.count
      meetings = tally.meetings
      matches = tally.matches
      seconds = (tally.duration / .milliseconds(1)).rounded() / 1000
    }
  }

  struct Warning: Encodable, Sendable {
    enum Kind: String, Encodable, Sendable {
      case blank, oversize, archive
      case summaryMissing = "summary_missing"
    }

    var kind: Kind
    var detail: String
    var recipients: Int?
    var exampleSubscriber: Int64?
  }

  /// The run that the week has already.
  struct Existing: Encodable, Sendable {
    var id: Int64
    var state: String

    var isOver: Bool { state == DigestRun.State.sent.rawValue }
  }

  var week: String
  /// While there is one, the week gets no other. Unless it is over, its letters are among those of the plan.
  var existingRun: Existing?
  var windowTo: Date
  var matching: Matching?
  var recipients = 0
  /// Letters that only say why there is nothing.
  var quiet = 0
  /// Active subscribers for whom there is nothing to say.
  var withoutLetter = 0
  /// Active subscribers who paused their digests.
  var paused: Int
  var editions = 0
  /// How many meetings are carried at all.
  var meetings = 0
  var mostRead: [Meeting] = []
  var mostSent: [Edition] = []
  var sizes = Sizes([])
  var warnings: [Warning] = []

  init(week: String, windowTo: Date, paused: Int) {
    self.week = week
    self.windowTo = windowTo
    self.paused = paused
  }
}
