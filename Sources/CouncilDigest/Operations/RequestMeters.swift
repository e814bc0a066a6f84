import HTTPServer
import HTTPTypes
import Synchronization

/// How long answers took, by route, method and class of status, since the start of this process. Told of each answer on its
/// shard: finding its tally is one look into a table.
final class RequestMeters: Sendable {
  struct Key: Hashable, Sendable {
    var route: String
    var method: String
    /// 2 for 200 to 299.
    var statusClass: Int
  }

  /// Counts of all classes lie flat in one array, because it is added to on the path of every page.
  private struct Times {
    static let stride = DurationTally.bounds.count + 2

    var method: HTTPRequest.Method?
    /// Of each class: the counts, then the sum of microseconds.
    private var counts = [UInt64](repeating: 0, count: 6 * stride)

    init(_ method: HTTPRequest.Method?) { self.method = method }

    mutating func add(_ answered: AnsweredRequest) {
      let time = answered.duration.microseconds
      let start = min(max(answered.status / 100, 1), 5) * Self.stride
      counts[start + DurationTally.place(of: time)] += 1
      counts[start + Self.stride - 1] += UInt64(max(0, time))
    }

    /// Nil where there was none.
    func tally(_ statusClass: Int) -> DurationTally? {
      let start = statusClass * Self.stride
      let found = Array(counts[start..<(start + Self.stride - 1)])
      guard found.contains(where: { $0 > 0 }) else { return nil }
      return DurationTally(counts: found, microseconds: Int64(counts[start + Self.stride - 1]))
    }
  }

  private struct Route {
    /// Few: a route has one method, or two.
    var methods: [Times] = []

    mutating func add(_ answered: AnsweredRequest) {
      for index in methods.indices where methods[index].method == answered.method {
        return methods[index].add(answered)
      }
      methods[indexOfAnother(answered.method)].add(answered)
    }

    /// Methods are the client's to choose, where there is no route: those that nobody knows count as one.
    private mutating func indexOfAnother(_ method: HTTPRequest.Method?) -> Int {
      let method = method.flatMap { RequestMeters.knownMethods.contains($0) ? $0 : nil }
      if let index = methods.firstIndex(where: { $0.method == method }) { return index }
      methods.append(Times(method))
      return methods.count - 1
    }
  }

  private let routes = Mutex<[String: Route]>([:])
  private static let knownMethods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

  func callAsFunction(_ answered: AnsweredRequest) {
    routes.withLock { $0[answered.label, default: Route()].add(answered) }
  }

  var tallies: [(key: Key, tally: DurationTally)] {
    routes.withLock { $0 }.sorted { $0.key < $1.key }.flatMap { route, found in
      found.methods.flatMap { times in
        (1...5).compactMap { statusClass in
          times.tally(statusClass).map {
            (Key(route: route, method: times.method?.rawValue ?? "other", statusClass: statusClass), $0)
          }
        }
      }
    }
  }

  /// How many answers to a call began with 2 or 3.
  func count(_ method: HTTPRequest.Method, _ route: String) -> UInt64 {
    tallies.filter { $0.key.route == route && $0.key.method == method.rawValue && (2...3).contains($0.key.statusClass) }
      .reduce(0) { $0 + $1.tally.count }
  }
}
