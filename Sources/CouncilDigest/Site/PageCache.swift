import Foundation
import HTTPServer
import HTTPTypes
import Synchronization

/// Public pages as they were rendered, until public content changes or the day ends: what is upcoming is recent tomorrow.
/// A page that was being rendered while content changed is not kept.
final class PageCache: Sendable {
  private struct Contents {
    var generation = 0
    var bytes = 0
    var pages: [String: Response] = [:]
    var day = 0
  }

  private let clock: WallClock
  private let timeZone: TimeZone

  private let contents = Mutex(Contents())
  private static let maximumBytes = 32 * 1_048_576

  init(clock: WallClock, timeZone: TimeZone) {
    self.clock = clock
    self.timeZone = timeZone
  }

  /// Forgets everything. Call it after each change of what the public sees.
  func drop() {
    contents.withLock { contents in
      contents = Contents(generation: contents.generation + 1, day: contents.day)
    }
  }

  /// Wraps an action that shows the same to everyone. Pages with a query are not kept: there is no end of them.
  func caching(_ action: @escaping Route.Action) -> Route.Action {
    { request in
      guard request.query == nil else { return try await action(request) }
      let today = self.today
      let (page, generation) = self.contents.withLock { contents in
        if contents.day != today { contents = Contents(generation: contents.generation + 1, day: today) }
        return (contents.pages[request.path], contents.generation)
      }
      if let page { return page }
      let response = try await action(request)
      if response.status == .ok { self.keep(response, at: request.path, generation) }
      return response
    }
  }

  /// The number of the local day.
  private var today: Int {
    let now = clock.now()
    return Int((now.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: now))) / 86_400)
  }

  private func keep(_ response: Response, at path: String, _ generation: Int) {
    contents.withLock { contents in
      guard contents.generation == generation else { return }
      if contents.bytes + response.body.count > Self.maximumBytes {
        contents = Contents(generation: generation, day: contents.day)
      }
      contents.bytes += response.body.count
      contents.pages[path] = response
    }
  }
}
