/// The plan of a run that was not started, as the console shows it.
struct PlanView: Sendable {
  struct Row: Sendable {
    var label: String
    var count: String
  }

  struct Warning: Sendable {
    var sentence: String
    var path: String?
  }

  struct Letter: Sendable {
    var subject: String
    var path: String
    var recipients: String
    var items: String
    var size: String
  }

  struct Meeting: Sendable {
    var title: String
    var reference: String
    var path: String
    var recipients: String
  }

  var note: String?
  var rows: [Row]
  var size: String?
  var warnings: [Warning]
  var hasWarnings: Bool
  var letters: [Letter]
  var hasLetters: Bool
  var meetings: [Meeting]
  var hasMeetings: Bool

  init(_ plan: DryRunItem) {
    note = plan.existingRun.map { run in
      "\(plan.week) has its run already, number \(run.id). "
        + (run.isOver
          ? "Nothing of this leaves before the next week’s."
          : "It has letters that have not left; they are counted here, too.")
    }
    rows = [
      Row(label: "Letters", count: plan.recipients.grouped),
      Row(label: "Different editions", count: plan.editions.grouped),
      Row(label: "Meetings", count: plan.meetings.grouped),
      Row(label: "Quiet letters", count: plan.quiet.grouped),
      Row(label: "Nothing to say to", count: plan.withoutLetter.grouped),
      Row(label: "Paused readers", count: plan.paused.grouped),
    ]
    let sizes = plan.sizes
    size =
      sizes.rendered == 0
      ? nil
      : "From \(Self.size(sizes.smallestBytes)) to \(Self.size(sizes.largestBytes)), half of them under "
        + "\(Self.size(sizes.medianBytes)). Mail programs cut what is over \(Self.size(sizes.limitBytes))."
    warnings = plan.warnings.map { warning in
      Warning(
        sentence: warning.detail + (warning.recipients.map { ": \($0.counted("reader"))" } ?? "") + ".",
        path: warning.exampleSubscriber.map { LetterPreviewPage.path(of: "next", to: $0) }
      )
    }
    hasWarnings = !warnings.isEmpty
    letters = plan.mostSent.map { edition in
      Letter(
        subject: edition.subject,
        path: LetterPreviewPage.path(of: "next", to: edition.exampleSubscriber),
        recipients: edition.recipients.grouped,
        items: edition.items.grouped,
        size: Self.size(edition.htmlBytes)
      )
    }
    hasLetters = !letters.isEmpty
    meetings = plan.mostRead.map { meeting in
      let slugs = meeting.meeting.split(separator: "/").map(String.init)
      return Meeting(
        title: meeting.title,
        reference: meeting.meeting,
        path: "/councils/\(slugs.first ?? "")/meetings/\(slugs.last ?? "")",
        recipients: meeting.recipients.grouped
      )
    }
    hasMeetings = !meetings.isEmpty
  }

  private static func size(_ bytes: Int) -> String { "\(max(1, (bytes + 512) / 1_024).grouped) KB" }
}
