import Foundation
import HTTPServer
import HTTPTypes
import Synchronization

/// Public pages as they were rendered, ready to be sent, until public content changes, some minutes have passed or the day
/// ends: what is upcoming now is recent soon. A page that was being rendered while content changed is not kept.
final class PageCache: Sendable {
  private struct Contents {
    var generation = 0
    var bytes = 0
    var pages: [String: Entry] = [:]
    /// When all of it is forgotten.
    var end = Date.distantPast
  }

  private struct Entry {
    var page: PreparedResponse
    /// What a query says changes the page.
    var readsQuery: Bool
  }

  private let clock: WallClock
  private let calendar: Calendar
  private let headers: SecurityHeaders
  private let contents = Mutex(Contents())
  /// How long pages took that did not lie ready.
  let renders = Histogram()
  private static let maximumBytes = 32 * 1_048_576
  private static let maximumAge: TimeInterval = 300

  init(clock: WallClock, timeZone: TimeZone, headers: SecurityHeaders) {
    self.clock = clock
    self.headers = headers
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    self.calendar = calendar
  }

  /// Forgets everything. Call it after each change of what the public sees.
  func drop() {
    contents.withLock { contents in
      contents = Contents(generation: contents.generation + 1, end: contents.end)
    }
  }

  /// The page that lies ready at a path.
  func page(at path: String, hasQuery: Bool) -> PreparedResponse? {
    let now = clock.now()
    return contents.withLock { contents in
      guard now < contents.end, let entry = contents.pages[path], !hasQuery || !entry.readsQuery else { return nil }
      return entry.page
    }
  }

  /// Wraps an action that shows the same to everyone. A page that reads its query is kept only as it is without, and
  /// other spellings of an address are not kept: there is no end of either.
  func caching(_ action: @escaping Route.Action, label: String, readsQuery: Bool) -> Route.Action {
    { request in
      guard request.query == nil || !readsQuery else { return try await action(request) }
      if let page = self.page(at: request.path, hasQuery: request.query != nil) { return page.response(to: request) }
      let generation = self.currentGeneration()
      let start = ContinuousClock.now
      let response = try await action(request)
      guard response.status == .ok else { return response }
      let page = self.prepare(response, label: label)
      self.renders.add(ContinuousClock.now - start)
      if !request.path.contains("%") {
        self.keep(Entry(page: page, readsQuery: readsQuery), at: request.path, generation)
      }
      return page.response(to: request)
    }
  }

  /// Public, the same for everyone and free of anything a visitor chose: safe to compress.
  private func prepare(_ response: Response, label: String) -> PreparedResponse {
    var response = headers.applied(to: response)
    response.label = label
    return PreparedResponse(response, gzip: Gzip.compress(response.body))
  }

  private func currentGeneration() -> Int {
    let now = clock.now()
    return contents.withLock { contents in
      if now >= contents.end {
        let midnight = calendar.dateInterval(of: .day, for: now)?.end ?? now
        let end = min(midnight, now.addingTimeInterval(Self.maximumAge))
        contents = Contents(generation: contents.generation + 1, end: end)
      }
      return contents.generation
    }
  }

  private func keep(_ entry: Entry, at path: String, _ generation: Int) {
    contents.withLock { contents in
      guard contents.generation == generation else { return }
      if contents.bytes + entry.page.bytes > Self.maximumBytes {
        contents = Contents(generation: generation, end: contents.end)
      }
      contents.bytes += entry.page.bytes - (contents.pages[path]?.page.bytes ?? 0)
      contents.pages[path] = entry
    }
  }
}
