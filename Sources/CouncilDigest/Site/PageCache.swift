import HTTPServer
import HTTPTypes
import Synchronization

/// Public pages as they were rendered, until public content changes. A page that was being rendered while content
/// changed is not kept.
final class PageCache: Sendable {
  private struct Contents {
    var generation = 0
    var bytes = 0
    var pages: [String: Response] = [:]
  }

  private let contents = Mutex(Contents())
  private static let maximumBytes = 32 * 1_048_576

  /// Forgets everything. Call it after each change of what the public sees.
  func drop() {
    contents.withLock { contents in
      contents = Contents(generation: contents.generation + 1)
    }
  }

  /// Wraps an action that shows the same to everyone. Pages with a query are not kept: there is no end of them.
  func caching(_ action: @escaping Route.Action) -> Route.Action {
    { request in
      guard request.query == nil else { return try await action(request) }
      let (page, generation) = self.contents.withLock { ($0.pages[request.path], $0.generation) }
      if let page { return page }
      let response = try await action(request)
      if response.status == .ok { self.keep(response, at: request.path, generation) }
      return response
    }
  }

  private func keep(_ response: Response, at path: String, _ generation: Int) {
    contents.withLock { contents in
      guard contents.generation == generation else { return }
      if contents.bytes + response.body.count > Self.maximumBytes {
        contents = Contents(generation: generation)
      }
      contents.bytes += response.body.count
      contents.pages[path] = response
    }
  }
}
