/// Bytes of a connection that wait to leave: small ones copied together, then at most one body that is only referred to,
/// so that a thousand slow readers of one page share its memory.
struct Outbox {
  private var copied: [UInt8] = []
  private var body: [UInt8] = []
  private var written = 0

  /// A batch of pipelined answers leaves when it is this large.
  static let batchBytes = 16_384
  /// Bodies up to this are copied into it; larger ones are sent from where they are.
  static let copiedBytes = 4_096

  var isEmpty: Bool { copied.isEmpty && body.isEmpty }
  var count: Int { copied.count + body.count - written }

  /// What a flush came to.
  enum Flushed: Equatable {
    /// All of it left.
    case done
    /// The rest waits until the peer takes it.
    case blocked(bytes: Int)
    case failed
  }

  /// - Parameter isLast: nothing is appended before all of this left.
  mutating func append(_ head: [UInt8], _ body: [UInt8], isLast: Bool) {
    if !self.body.isEmpty {
      copied.append(contentsOf: self.body)
      self.body = []
    }
    if copied.isEmpty { copied = head } else { copied.append(contentsOf: head) }
    if isLast { self.body = body } else { copied.append(contentsOf: body) }
  }

  mutating func flush(to socket: ConnectionSocket) -> Flushed {
    var sent = 0
    while count > 0 {
      switch socket.send(copied, body, from: written) {
      case .done(let bytes):
        sent += bytes
        written += bytes
      case .wouldBlock: return .blocked(bytes: sent)
      case .failed: return .failed
      }
    }
    self = Outbox()
    return .done
  }
}
