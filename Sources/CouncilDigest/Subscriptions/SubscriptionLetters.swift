import Foundation

/// The letters a sign-up leads to. They repeat nothing that was typed into the form.
struct SubscriptionLetters: Sendable {
  let frame: LetterFrame
  private let memo = LetterMemo()

  init(frame: LetterFrame) {
    self.frame = frame
  }

  private static let reason = "Someone, probably you, entered this address on our sign-up form."

  func confirmation(_ targets: [FollowTarget]) throws -> LetterBody {
    let subject =
      targets.count == 1
      ? "Confirm your weekly summary of \(targets[0].nameWithoutWords)"
      : "Confirm your weekly summary of \(Self.count(targets))"
    return try memo.body("confirmation\n" + Self.key(targets)) {
      try frame.body(
        "confirmation",
        .init(
          subject: subject,
          preheader: "One click and the next summary is yours. Nothing is sent until then.",
          reason: Self.reason
        ),
        view(targets, link: LetterBody.Slot.confirm.marker)
      )
    }
  }

  func alreadyFollowing(_ targets: [FollowTarget]) throws -> LetterBody {
    try memo.body("already-following\n" + Self.key(targets)) {
      try frame.body(
        "already-following",
        .init(
          subject: "You already follow what you asked for",
          preheader: "There is nothing you need to do.",
          reason: Self.reason
        ),
        view(targets, link: LetterBody.Slot.unsubscribe.marker)
      )
    }
  }

  private static func key(_ targets: [FollowTarget]) -> String {
    targets.map { "\($0.path ?? "")\n\($0.nameWithoutWords)" }.joined(separator: "\n")
  }

  /// “2 councils, 1 committee and 3 topics”.
  private static func count(_ targets: [FollowTarget]) -> String {
    var councils = 0, committees = 0, topics = 0, queries = 0
    for target in targets {
      switch target {
      case .council: councils += 1
      case .committee: committees += 1
      case .topic: topics += 1
      case .query: queries += 1
      }
    }
    return [
      councils.counted("council"), committees.counted("committee"), topics.counted("topic"),
      queries.counted("query", "queries"),
    ].filter { !$0.hasPrefix("0 ") }.inProse()
  }

  private func view(_ targets: [FollowTarget], link: String) -> LetterView {
    LetterView(
      targets: targets.map { .init(name: $0.nameWithoutWords, address: $0.path.map(frame.site.link)) },
      link: link,
      site: frame.site.name
    )
  }
}

private struct LetterView {
  struct Target {
    var name: String
    var address: String?
  }

  var targets: [Target]
  var link: String
  var site: String
}
