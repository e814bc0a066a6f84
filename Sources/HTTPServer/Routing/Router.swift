import HTTPTypes

/// Finds the route of a request. A literal segment wins over a `{name}`; segments are split first and
/// percent-decoded once, so an encoded slash never changes the path.
public struct Router: Sendable {
  /// What a path and method lead to.
  public enum Match: Sendable {
    case found(Route, parameters: [String: String])
    /// The path exists with other methods, listed for `Allow`.
    case methodNotAllowed(allowed: [HTTPRequest.Method])
    case notFound
    /// A percent-encoding that is broken, or decodes to NUL or to something that is not UTF-8.
    case unreadable
  }

  private struct Node: Sendable {
    var literals: [String: Int] = [:]
    var parameter: Int?
    var routes: [HTTPRequest.Method: (route: Route, names: [String])] = [:]
  }

  private var nodes = [Node()]

  /// - Precondition: no two routes share method and pattern.
  public init(_ routes: [Route]) {
    for route in routes { add(route) }
  }

  public func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
    guard path.hasPrefix("/") else { return .notFound }
    var values: [String] = []
    var segments: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let segment = percentDecoded(part) else { return .unreadable }
      segments.append(segment)
    }
    guard let node = find(segments[...], from: 0, &values) else { return .notFound }
    let routes = nodes[node].routes
    if let found = routes[method] ?? (method == .head ? routes[.get] : nil) {
      return .found(found.route, parameters: Dictionary(zip(found.names, values)) { first, _ in first })
    }
    var allowed = Set(routes.keys)
    if allowed.contains(.get) { allowed.insert(.head) }
    allowed.insert(.options)
    return .methodNotAllowed(allowed: allowed.sorted { $0.rawValue < $1.rawValue })
  }

  private func find(_ segments: ArraySlice<String>, from node: Int, _ values: inout [String]) -> Int? {
    guard let segment = segments.first else { return nodes[node].routes.isEmpty ? nil : node }
    if let literal = nodes[node].literals[segment], let found = find(segments.dropFirst(), from: literal, &values) {
      return found
    }
    guard let parameter = nodes[node].parameter, !segment.isEmpty else { return nil }
    values.append(segment)
    if let found = find(segments.dropFirst(), from: parameter, &values) { return found }
    values.removeLast()
    return nil
  }

  private mutating func add(_ route: Route) {
    var node = 0
    var names: [String] = []
    for segment in route.pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if segment.hasPrefix("{"), segment.hasSuffix("}") {
        names.append(String(segment.dropFirst().dropLast()))
        let next = nodes[node].parameter ?? grow()
        nodes[node].parameter = next
        node = next
      } else {
        let literal = String(segment)
        let next = nodes[node].literals[literal] ?? grow()
        nodes[node].literals[literal] = next
        node = next
      }
    }
    precondition(nodes[node].routes[route.method] == nil, "\(route.method) \(route.pattern) stands twice in the table")
    nodes[node].routes[route.method] = (route, names)
  }

  private mutating func grow() -> Int {
    nodes.append(Node())
    return nodes.count - 1
  }
}
