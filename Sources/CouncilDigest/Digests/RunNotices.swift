extension OperatorNotice {
  /// A run is planned and waits.
  static func approvalAwaited(_ run: DigestRun, _ counts: DigestRun.Counts) -> OperatorNotice {
    OperatorNotice(
      subject: "The digest run of \(run.week) awaits your approval",
      sentences: [
        "It has \(counts.recipients) \(counts.recipients == 1 ? "letter" : "letters"). None leaves before you approve.",
        "To read the letter of one subscriber first: council-digest digest preview --run \(run.id) --subscriber ADDRESS",
      ],
      command: "council-digest digest approve \(run.id)"
    )
  }

  /// Reports came when there was nothing left to stop.
  static func runRefused(_ run: DigestRun, because reason: String) -> OperatorNotice {
    OperatorNotice(
      subject: "Letters of the digest run of \(run.week) came back",
      sentences: [
        "\(reason). This says nothing about the readers, and counts against none of them.",
        "Look at what the relay and the reports say, and mend the cause before the next run.",
      ],
      command: "council-digest digest status \(run.id)"
    )
  }

  /// The service stopped a run by itself.
  static func runPaused(_ run: DigestRun, because reason: String) -> OperatorNotice {
    OperatorNotice(
      subject: "The digest run of \(run.week) is paused",
      sentences: [
        "\(reason). The other letters wait.",
        "Look at what the relay said about those that failed, mend the cause, and go on; or cancel the run.",
      ],
      command: "council-digest digest resume \(run.id)"
    )
  }
}
