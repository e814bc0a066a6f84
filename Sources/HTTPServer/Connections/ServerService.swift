import HTTPTypes
import Synchronization

/// What all connections of one server share: its limits, the application and the count of who is connected.
final class ServerService: Sendable {
  let limits: Limits
  let responder: Responder
  private let counts = Mutex(Counts())

  private struct Counts {
    var total = 0
    var refused = 0
    var perClient: [String: Int] = [:]
  }

  /// RFC 9110 §15.6.4.
  static let overloaded: Response = {
    var response = Response.text(.serviceUnavailable, "too many connections, try again shortly")
    response.fields[.retryAfter] = "5"
    return response
  }()

  /// RFC 9110 §15.6.4: the disk takes no more.
  static let noRoom: Response = {
    var response = Response.text(.serviceUnavailable, "there is no room for the body at the moment")
    response.fields[.retryAfter] = "60"
    return response
  }()

  static let insecure = Response.text(.misdirectedRequest, "an https address was asked for on an unsecured connection")

  /// The server's own words as the last answer of a connection.
  func refusal(_ plain: Response, of refused: RefusedRequest) -> Answer {
    var response = responder.reworded(plain, refused)
    response.status = plain.status
    response.fields[.retryAfter] = plain.fields[.retryAfter]
    return last(response)
  }

  /// The last answer of a connection, with the fields every answer of the application has.
  func last(_ response: Response) -> Answer {
    var response = response
    for field in responder.refusalFields where response.fields[field.name] == nil { response.fields.append(field) }
    response.closesConnection = true
    return Answer(response)
  }

  init(limits: Limits, responder: Responder) {
    self.limits = limits
    self.responder = responder
  }

  var connectionCount: Int { counts.withLock { $0.total } }

  /// Whether the next connection would be one too many.
  var isFull: Bool { limits.connections > 0 && connectionCount >= limits.connections }

  /// Counts a connection in. Nil when so many are being told that there are too many that this one is not.
  func connectionOpened(_ peer: Request.Peer) -> Visitor? {
    let isLocal = peer == .unixSocket
    let isTrusted = isLocal || responder.trusts(peer)
    let client = Visitor.client(of: peer)
    return counts.withLock { counts in
      let held = counts.perClient[client, default: 0]
      let isGreedy = limits.connectionsPerClient > 0 && !isTrusted && held >= limits.connectionsPerClient
      // The operator's commands come through the Unix socket, most of all when too many others are here.
      let isFull = !isLocal && limits.connections > 0 && counts.total >= limits.connections
      if isFull || isGreedy {
        guard counts.refused < limits.refusals else { return nil }
        counts.refused += 1
        return Visitor(peer: peer, client: client, isTrusted: isTrusted, isRefused: true)
      }
      counts.total += 1
      counts.perClient[client] = held + 1
      return Visitor(peer: peer, client: client, isTrusted: isTrusted, isRefused: false)
    }
  }

  func connectionClosed(_ visitor: Visitor) {
    counts.withLock { counts in
      guard !visitor.isRefused else {
        counts.refused -= 1
        return
      }
      counts.total -= 1
      let left = counts.perClient[visitor.client, default: 1] - 1
      counts.perClient[visitor.client] = left > 0 ? left : nil
    }
  }
}
