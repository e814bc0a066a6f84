import GRDB

/// What both the API and the console do for an operator.
extension Services {
  var mailQueued: @Sendable () -> Void { { [sender] in sender.wake() } }

  var nextDigest: NextDigest { NextDigest(store: store, schedule: configuration.schedule) }

  var operateDigestRuns: OperateDigestRuns {
    OperateDigestRuns(store: store, runStarted: { [scheduler] in scheduler.wake() }, mailQueued: mailQueued)
  }

  var hold: HoldAPI { HoldAPI(store: store, dryRun: dryRun, mailQueued: mailQueued) }

  var previewDigest: PreviewDigest {
    PreviewDigest(
      store: store,
      nextDigest: nextDigest,
      mailsQuietWeeks: configuration.mailsQuietWeeks,
      assembly: queue.assembly,
      editions: queue.editions,
      signer: signer
    )
  }

  var decideTopicRequest: DecideTopicRequest {
    DecideTopicRequest(store: store, letters: letters, log: log, mailQueued: mailQueued)
  }

  var handleFeedback: HandleFeedback {
    HandleFeedback(store: store, letters: letters, log: log, mailQueued: mailQueued)
  }
}
