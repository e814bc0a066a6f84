import HTTPTypes

/// Turns bytes into requests. A value with no clock and no socket: the same bytes give the same requests however they
/// are cut. After a rejection it gives nothing more, so nothing behind a bad request is ever processed.
public struct RequestParser: Sendable {
  /// What the bytes so far amount to.
  public enum Step: Sendable {
    /// Nothing complete yet.
    case needsMore
    /// The head is complete and a body follows: call `admitBody` before the next step.
    case head(RequestHead)
    /// A whole request.
    case request(RequestHead, body: [UInt8])
    case rejected(Rejection)
  }

  fileprivate enum State: Sendable {
    case head(scanned: Int)
    case awaitingAdmission(RequestHead)
    case lengthBody(RequestHead, length: Int)
    case chunkedBody(RequestHead, ChunkedBody, maximumBytes: Int)
    case rejected(Rejection)
  }

  private let limits: Limits
  fileprivate var state = State.head(scanned: 0)
  private var buffer: [UInt8] = []
  private var start = 0
  private var emptyLines = 0

  public init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Bytes received and not yet part of a request that was handed out.
  public var bufferedBytes: Int { buffer.count - start }

  /// True once a byte of the next request has arrived.
  public var isMidRequest: Bool {
    if case .head = state { bufferedBytes > 0 } else { true }
  }

  /// True while the head of the next request is incomplete.
  public var isReadingHead: Bool {
    if case .head = state { true } else { false }
  }

  public mutating func append(_ bytes: some Collection<UInt8>) {
    if case .rejected = state { return }
    buffer.append(contentsOf: bytes)
  }

  /// Answers a `.head` step: the route takes at most `maximumBytes` of body.
  public mutating func admitBody(maximumBytes: Int) {
    guard case .awaitingAdmission(let head) = state else { return }
    switch head.framing {
    case .none:
      state = .lengthBody(head, length: 0)
    case .length(let length):
      guard length <= maximumBytes else {
        return reject(Rejection(.contentTooLarge, "the body is larger than \(maximumBytes) bytes"))
      }
      state = .lengthBody(head, length: length)
    case .chunked:
      state = .chunkedBody(head, ChunkedBody(), maximumBytes: maximumBytes)
    }
  }

  public mutating func next() -> Step {
    do throws(Rejection) {
      switch state {
      case .head(let scanned): return try readHead(from: scanned)
      case .awaitingAdmission(let head): return .head(head)
      case .lengthBody(let head, let length): return readBody(head, length)
      case .chunkedBody(let head, let body, let maximum): return try readChunks(head, body, maximum)
      case .rejected(let rejection): return .rejected(rejection)
      }
    } catch {
      reject(error)
      return .rejected(error)
    }
  }

  private mutating func reject(_ rejection: Rejection) {
    state = .rejected(rejection)
    buffer = []
    start = 0
  }

  private mutating func readHead(from scanned: Int) throws(Rejection) -> Step {
    try skipEmptyLines()
    guard let end = try endOfHead(from: max(scanned, start)) else { return .needsMore }
    try checkLengths(upTo: end)
    emptyLines = 0
    let head = try RequestHead(parsing: buffer, start..<end, limits: limits)
    discard(upTo: end + 2)
    guard head.framing != .none else {
      state = .head(scanned: 0)
      return .request(head, body: [])
    }
    state = .awaitingAdmission(head)
    return .head(head)
  }

  /// RFC 9112 §2.2: a server should ignore an empty line received before the request line.
  private mutating func skipEmptyLines() throws(Rejection) {
    while bufferedBytes >= 2, buffer[start] == 0x0D, buffer[start + 1] == 0x0A {
      emptyLines += 1
      guard emptyLines <= limits.leadingEmptyLines else { throw .malformed("too many empty lines before the request") }
      start += 2
    }
  }

  /// Finds CRLF CRLF, checking lengths on the way so that an endless head is refused early. Returns the index after
  /// the CRLF that ends the last line.
  private mutating func endOfHead(from scanned: Int) throws(Rejection) -> Int? {
    var index = scanned
    let count = buffer.count
    while index < count {
      if buffer[index] == 0x0A {
        // A bare LF never ends a line here: some proxy in front may not agree (RFC 9112 §2.2).
        guard index > start, buffer[index - 1] == 0x0D else { throw .malformed("a bare LF") }
        if index >= start + 3, buffer[index - 2] == 0x0A { return index - 1 }
      }
      index += 1
    }
    try checkLengths(upTo: count)
    state = .head(scanned: count)
    return nil
  }

  private func checkLengths(upTo end: Int) throws(Rejection) {
    let head = buffer[start..<end]
    let lineEnd = head.firstIndex(of: 0x0A) ?? end
    guard lineEnd - start <= limits.requestLineBytes else {
      throw Rejection(.uriTooLong, "the request line is too long")
    }
    guard head.endIndex - lineEnd <= limits.headerBytes else {
      throw Rejection(.requestHeaderFieldsTooLarge, "the header section is too large")
    }
  }

  private mutating func readBody(_ head: RequestHead, _ length: Int) -> Step {
    guard bufferedBytes >= length else { return .needsMore }
    let body = Array(buffer[start..<(start + length)])
    discard(upTo: start + length)
    state = .head(scanned: 0)
    return .request(head, body: body)
  }

  private mutating func readChunks(
    _ head: RequestHead,
    _ body: ChunkedBody,
    _ maximumBytes: Int
  ) throws(Rejection) -> Step {
    var body = body
    // Release the state's copy, so that appending does not copy the whole body at every read.
    state = .head(scanned: 0)
    var position = start
    try body.consume(buffer, from: &position, maximumBytes: maximumBytes, limits: limits)
    discard(upTo: position)
    guard body.isComplete else {
      state = .chunkedBody(head, body, maximumBytes: maximumBytes)
      return .needsMore
    }
    return .request(head, body: body.content)
  }

  private mutating func discard(upTo index: Int) {
    start = index
    if start == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= 65_536)
      start = 0
    } else if start > 65_536 {
      buffer.removeFirst(start)
      start = 0
    }
  }
}

extension RequestParser {
  /// True when the head was admitted and its body has not arrived in full.
  var wantsBody: Bool {
    switch state {
    case .lengthBody, .chunkedBody: true
    case .head, .awaitingAdmission, .rejected: false
    }
  }
}
