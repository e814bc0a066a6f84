import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Synchronization

/// `GET /metrics`, for Prometheus. What comes from the store is counted at most once a second, however often it is asked for.
/// What letters leave would tell a stranger, who has just typed an address into a form, whether it is known: such figures
/// are for this machine and for holders of an API key.
struct Metrics: Sendable {
  let store: Store
  let cache: PageCache
  let requests: RequestMeters
  let letters: LetterMeters
  let isMailInTrouble: @Sendable () -> Bool
  let isTrusted: @Sendable (Request) -> Bool
  private let kept = Kept()

  init(
    store: Store,
    cache: PageCache,
    requests: RequestMeters,
    letters: LetterMeters,
    isMailInTrouble: @escaping @Sendable () -> Bool,
    isTrusted: @escaping @Sendable (Request) -> Bool
  ) {
    self.store = store
    self.cache = cache
    self.requests = requests
    self.letters = letters
    self.isMailInTrouble = isMailInTrouble
    self.isTrusted = isTrusted
  }

  private final class Kept: Sendable {
    let figures = Mutex<(figures: Figures, at: ContinuousClock.Instant)?>(nil)
  }

  private static let keptFor: Duration = .seconds(1)

  func callAsFunction(_ request: Request) async throws -> Response {
    let figures = try await figures()
    var metrics = MetricsText()
    addRequests(&metrics)
    addRun(&metrics, figures)
    if isTrusted(request) {
      addLetters(&metrics, figures)
      addReaders(&metrics, figures)
    }
    ProcessFigures.read()?.add(to: &metrics)
    return Response(
      status: .ok,
      fields: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
      body: Array(metrics.text.utf8)
    )
  }

  /// From the store.
  private struct Figures: Sendable {
    var urgent = 0
    var oldestUrgent: Date?
    var run: (id: Int64, isOver: Bool, startedAt: Date, counts: DigestRun.Counts)?
    var bounces: [(kind: String, count: Int)] = []
    var subscribers: [(state: String, count: Int)] = []
    var requests = 0
    var feedback = 0
    var now = Date.distantPast
  }

  private func figures() async throws -> Figures {
    if let kept = kept.figures.withLock({ $0 }), ContinuousClock.now - kept.at < Self.keptFor { return kept.figures }
    let now = store.now()
    let figures = try await store.read { try Self.load(now: now, $0) }
    kept.figures.withLock { $0 = (figures, .now) }
    return figures
  }

  private static func load(now: Date, _ database: Database) throws -> Figures {
    var figures = Figures(now: now)
    let urgent = try Row.fetchOne(
      database,
      cached: "SELECT count(*), min(date) FROM outgoing_mail WHERE state = 'queued' AND is_urgent = 1"
    )
    figures.urgent = urgent?[0] ?? 0
    figures.oldestUrgent = (urgent?[1] as Int64?).map(Date.init(milliseconds:))
    let run = try Row.fetchOne(
      database,
      cached: "SELECT \(DigestRun.columns) FROM digest_run ORDER BY id DESC LIMIT 1"
    ).flatMap(DigestRun.init)
    if let run {
      figures.run = (run.id, run.finishedAt != nil, run.startedAt, try run.counts(database))
    }
    figures.bounces = try Row.fetchAll(
      database,
      cached: "SELECT kind, count(*) FROM bounce WHERE received_at > ? GROUP BY kind",
      arguments: [now.addingTimeInterval(-7 * 86_400).milliseconds]
    ).map { ($0[0], $0[1]) }
    figures.subscribers = try Row.fetchAll(
      database,
      cached: "SELECT state, count(*) FROM subscriber GROUP BY state"
    ).map { ($0[0], $0[1]) }
    figures.requests =
      try Int.fetchOne(database, cached: "SELECT count(*) FROM topic_request WHERE state = 'open'") ?? 0
    figures.feedback = try Int.fetchOne(database, cached: "SELECT count(*) FROM feedback WHERE state = 'open'") ?? 0
    return figures
  }

  private func addRequests(_ metrics: inout MetricsText) {
    metrics.add(
      "council_digest_http_request_duration_seconds",
      "From the whole request to its answer, by route.",
      requests.tallies.map { key, tally in
        (["route": key.route, "method": key.method, "status": "\(key.statusClass)xx"], tally)
      }
    )
    metrics.add(
      "council_digest_render_duration_seconds",
      "To make a public page that did not lie ready.",
      [([:], cache.renders.tally)]
    )
    metrics.add(
      "council_digest_commit_duration_seconds",
      "To write a group of changes and make it durable.",
      [([:], store.commits.tally)]
    )
  }

  private func addLetters(_ metrics: inout MetricsText, _ figures: Figures) {
    metrics.add(
      "council_digest_letter_stage_duration_seconds",
      "What a letter takes: prepare, sign, relay (SMTP with its reply), record.",
      LetterMeters.Stage.allCases.compactMap { stage in letters.tallies[stage].map { (["stage": "\(stage)"], $0) } }
    )
    metrics.add(
      "council_digest_smtp_stage_duration_seconds",
      "Of a letter with the relay: connect (to the greeting), dialogue (to DATA), data (to its last byte), reply.",
      LetterMeters.SMTPStage.allCases.compactMap { stage in
        letters.smtpTallies[stage].map { (["stage": "\(stage)"], $0) }
      }
    )
    metrics.add(
      "council_digest_letters_total",
      .counter,
      "Attempts to send a letter, by kind and outcome.",
      letters.letters.sorted {
        ($0.key.kind.rawValue, "\($0.key.outcome)") < ($1.key.kind.rawValue, "\($1.key.outcome)")
      }
      .map { (["kind": $0.key.kind.rawValue, "outcome": "\($0.key.outcome)"], Double($0.value)) }
    )
    let isRunning = figures.run.map { !$0.isOver } ?? false
    metrics.add(
      "council_digest_queue_letters",
      .gauge,
      "Letters that wait to leave.",
      [
        (["kind": "transactional"], Double(figures.urgent)),
        (["kind": "digest"], Double(isRunning ? figures.run?.counts.queued ?? 0 : 0)),
      ]
    )
    let oldestDigest = isRunning && (figures.run?.counts.queued ?? 0) > 0 ? figures.run?.startedAt : nil
    metrics.add(
      "council_digest_queue_oldest_seconds",
      .gauge,
      "Since when the oldest of them waits.",
      [
        (["kind": "transactional"], figures.oldestUrgent.map { max(0, figures.now.timeIntervalSince($0)) } ?? 0),
        (["kind": "digest"], oldestDigest.map { max(0, figures.now.timeIntervalSince($0)) } ?? 0),
      ]
    )
  }

  private func addRun(_ metrics: inout MetricsText, _ figures: Figures) {
    metrics.add(
      "council_digest_mail_in_trouble",
      .gauge,
      "1 while no letter can leave.",
      isMailInTrouble() ? 1 : 0
    )
    guard let counts = figures.run?.counts else { return }
    metrics.add(
      "council_digest_run_letters",
      .gauge,
      "Letters of the newest digest run, by state.",
      [
        (["state": "queued"], Double(counts.queued)), (["state": "sent"], Double(counts.sent)),
        (["state": "failed"], Double(counts.failed)), (["state": "uncertain"], Double(counts.uncertain)),
        (["state": "cancelled"], Double(counts.cancelled)),
      ]
    )
  }

  private func addReaders(_ metrics: inout MetricsText, _ figures: Figures) {
    let signups: [(String, HTTPRequest.Method, String)] = [
      ("asked", .post, "/subscribe"), ("confirmed", .post, "/confirm/{token}"), ("left", .post, "/unsubscribe/{token}"),
    ]
    metrics.add(
      "council_digest_sign_ups_total",
      .counter,
      "What people did: asked, confirmed, left.",
      signups.map { (["step": $0.0], Double(requests.count($0.1, $0.2))) }
    )
    metrics.add(
      "council_digest_subscribers",
      .gauge,
      "Addresses, by state.",
      figures.subscribers.map { (["state": $0.state], Double($0.count)) }
    )
    metrics.add(
      "council_digest_bounces_last_week",
      .gauge,
      "What came back in the last seven days, by kind.",
      figures.bounces.map { (["kind": $0.kind], Double($0.count)) }
    )
    metrics.add(
      "council_digest_open_topic_requests",
      .gauge,
      "Topic requests that await an answer.",
      Double(figures.requests)
    )
    metrics.add("council_digest_open_feedback", .gauge, "Messages that await somebody.", Double(figures.feedback))
  }
}
