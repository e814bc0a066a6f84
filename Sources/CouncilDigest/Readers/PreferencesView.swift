import Foundation
import GRDB
import HTTPServer

/// What the preferences page shows.
struct PreferencesView {
  /// What the store knows for it.
  struct Known: Sendable {
    var subscriber: Subscriber
    var targets: [FollowTarget]
    var councils: [Council]
    var topics: [Topic]
    /// A new address has not answered yet.
    var isMoving: Bool

    /// Nil when there is no such subscriber.
    init?(_ id: Int64, _ database: Database) throws {
      guard let subscriber = try Subscriber.find(id: id, database) else { return nil }
      self.subscriber = subscriber
      targets = try FollowTarget.fetch(subscriber: subscriber.id, database)
      councils = try Council.list(limit: 1_000, database)
      topics = try Topic.list(limit: Topic.maximumCount, database)
      isMoving =
        try Bool.fetchOne(
          database,
          sql: "SELECT EXISTS (SELECT 1 FROM address_change WHERE subscriber_id = ? AND state = 'waiting')",
          arguments: [subscriber.id]
        ) ?? false
    }
  }

  var follows: [Choice]
  var councils: [Choice]
  var topics: [Choice]
  var hasMoreCouncils: Bool
  var hasMoreTopics: Bool
  var query: String?
  var isHeadlines: Bool
  var isBrief: Bool
  var isFull: Bool
  var pausedUntil: String?
  var until: String?
  var isMoving: Bool
  var email: String?
  var done: String?
  var unsubscribe: String
  var errors: FormErrors?

  init(
    _ known: Known,
    form: Form,
    problems: [FieldProblem],
    done: String?,
    unsubscribe: String,
    now: Date,
    dates: ReadableDate
  ) {
    let subscriber = known.subscriber
    // What was typed is kept, beside what is wrong with it.
    let chosen = form.first("action") == "save" ? Set(form.all("follow")) : nil
    let followed = Set(known.targets.map(\.reference))
    follows = known.targets.map { target in
      Choice(
        value: target.reference,
        name: target.name.capitalizedFirst,
        isChosen: chosen?.contains(target.reference) ?? true
      )
    }
    councils = known.councils.map { Choice(value: "council:\($0.slug)", name: $0.name, isChosen: false) }
      .filter { !followed.contains($0.value) }
      .map { Choice(value: $0.value, name: $0.name, isChosen: chosen?.contains($0.value) ?? false) }
    topics = known.topics.map { Choice(value: "topic:\($0.slug)", name: $0.name, isChosen: false) }
      .filter { !followed.contains($0.value) }
      .map { Choice(value: $0.value, name: $0.name, isChosen: chosen?.contains($0.value) ?? false) }
    hasMoreCouncils = !councils.isEmpty
    hasMoreTopics = !topics.isEmpty
    query = form.first("query")
    let density = form.first("density") ?? subscriber.density.rawValue
    isHeadlines = density == "headlines"
    isBrief = density == "brief"
    isFull = density == "full"
    pausedUntil = subscriber.isPaused(at: now) ? subscriber.pausedUntil.map(dates.day) : nil
    until = form.first("until")
    isMoving = known.isMoving
    email = form.first("email")
    self.done = done
    self.unsubscribe = unsubscribe
    errors = FormErrors(problems)
  }
}

extension String {
  /// As it begins a line of its own.
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
