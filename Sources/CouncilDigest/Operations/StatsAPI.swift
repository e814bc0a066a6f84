import Foundation
import GRDB
import HTTPServer

/// `GET /api/v1/stats`: what there is now, and what the last seven days brought.
struct StatsAPI: Sendable {
  let store: Store

  private struct Stats: Encodable {
    var councils: Int
    var committees: Int
    var meetings: Int
    var topics: Int
    /// By state.
    var subscribers: [String: Int]
    /// Active ones, by what is followed.
    var subscriptions: [String: Int]
    var openTopicRequests: Int
    var openFeedback: Int
    var queue: Queue
    var lastWeek: Week
  }

  private struct Queue: Encodable {
    var transactional: Int
    var digests: Int
    var isHeld: Bool
  }

  private struct Week: Encodable {
    var since: Date
    var signUps: Int
    var confirmed: Int
    var left: Int
    var meetingsPut: Int
    /// By state.
    var digests: [String: Int]
    /// Letters other than digests, by state.
    var otherLetters: [String: Int]
    /// By kind.
    var bounces: [String: Int]
    var topicRequests: Int
    var feedback: Int
  }

  func callAsFunction(_ request: Request) async throws -> Response {
    let since = store.now().addingTimeInterval(-7 * 86_400)
    let stats = try await store.read { try Self.load(since: since, $0) }
    return try JSONOutput.response(.ok, stats)
  }

  private static func load(since: Date, _ database: Database) throws -> Stats {
    let tables = Counter(database)
    let runs = try Row.fetchAll(
      database,
      sql: "SELECT \(DigestRun.columns) FROM digest_run WHERE finished_at IS NULL"
    ).compactMap(DigestRun.init)
    return Stats(
      councils: try tables.count("SELECT count(*) FROM council"),
      committees: try tables.count("SELECT count(*) FROM committee"),
      meetings: try tables.count("SELECT count(*) FROM meeting"),
      topics: try tables.count("SELECT count(*) FROM topic"),
      subscribers: try tables.counts(
        "SELECT state, count(*) FROM subscriber GROUP BY state",
        of: Subscriber.State.allCases.map(\.rawValue)
      ),
      subscriptions: try tables.counts(
        """
        SELECT substr(target, 1, instr(target, ':') - 1) AS kind, count(*) FROM subscription
        WHERE state = 'active' GROUP BY kind
        """,
        of: ["council", "committee", "topic", "query"]
      ),
      openTopicRequests: try tables.count("SELECT count(*) FROM topic_request WHERE state = 'open'"),
      openFeedback: try tables.count("SELECT count(*) FROM feedback WHERE state = 'open'"),
      queue: Queue(
        transactional: try tables.count("SELECT count(*) FROM outgoing_mail WHERE state = 'queued' AND is_urgent = 1"),
        digests: try runs.reduce(0) { try $0 + $1.counts(database).queued },
        isHeld: try Hold.find(database) != nil
      ),
      lastWeek: try week(since: since, tables, database)
    )
  }

  private static func week(since: Date, _ tables: Counter, _ database: Database) throws -> Week {
    let time = since.milliseconds
    let states = OutgoingMail.State.allCases.map(\.rawValue)
    let runs = try Row.fetchAll(
      database,
      sql: "SELECT \(DigestRun.columns) FROM digest_run WHERE started_at > ?",
      arguments: [time]
    ).compactMap(DigestRun.init)
    var digests = Dictionary(uniqueKeysWithValues: states.map { ($0, 0) })
    for run in runs {
      let counts = try run.counts(database)
      let byState = [
        ("queued", counts.queued), ("sent", counts.sent), ("failed", counts.failed), ("uncertain", counts.uncertain),
        ("cancelled", counts.cancelled),
      ]
      for (state, count) in byState { digests[state, default: 0] += count }
    }
    return Week(
      since: since,
      signUps: try tables.count("SELECT count(*) FROM consent WHERE requested_at > ?", time),
      confirmed: try tables.count("SELECT count(*) FROM subscriber WHERE confirmed_at > ?", time),
      left: try tables.count("SELECT count(*) FROM subscriber WHERE unsubscribed_at > ?", time),
      meetingsPut: try tables.count("SELECT count(*) FROM meeting WHERE updated_at > ?", time),
      digests: digests,
      otherLetters: try tables.counts(
        "SELECT state, count(*) FROM outgoing_mail WHERE is_urgent = 1 AND date > ? GROUP BY state",
        time,
        of: states
      ),
      bounces: try tables.counts(
        "SELECT kind, count(*) FROM bounce WHERE received_at > ? GROUP BY kind",
        time,
        of: ["hard", "soft", "complaint"]
      ),
      topicRequests: try tables.count("SELECT count(*) FROM topic_request WHERE confirmed_at > ?", time),
      feedback: try tables.count("SELECT count(*) FROM feedback WHERE created_at > ?", time)
    )
  }

  private struct Counter {
    private let database: Database

    init(_ database: Database) { self.database = database }

    func count(_ sql: String, _ arguments: Int64...) throws -> Int {
      try Int.fetchOne(database, sql: sql, arguments: StatementArguments(arguments)) ?? 0
    }

    /// Names that have none count 0.
    func counts(_ sql: String, _ arguments: Int64..., of names: [String]) throws -> [String: Int] {
      let rows = try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments))
      return rows.reduce(into: Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })) { $0[$1[0]] = $1[1] }
    }
  }
}
