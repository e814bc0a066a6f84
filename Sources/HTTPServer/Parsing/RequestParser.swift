import Foundation
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
    /// The next part of a body that was admitted in pieces; never empty.
    case piece([UInt8])
    /// A whole request. The body is empty when it came in pieces.
    case request(RequestHead, body: [UInt8])
    case rejected(Rejection)
  }

  fileprivate enum State: Sendable {
    case requestLine
    case fields(RequestLine)
    case awaitingAdmission(RequestHead)
    case lengthBody(RequestHead, length: Int)
    case lengthPieces(RequestHead, remaining: Int)
    case chunkedBody(RequestHead, ChunkedBody, maximumBytes: Int, inPieces: Bool)
    case rejected(Rejection)
  }

  private let limits: Limits
  fileprivate var state = State.requestLine
  private var buffer: [UInt8] = []
  /// Where the request begins that is being read; everything before it was handed out.
  private var start = 0
  private var lineStart = 0
  /// No line ends between `lineStart` and here.
  private var scanned = 0
  private var fieldsStart = 0
  private var lines: [HeaderSection.Line] = []
  private var emptyLines = 0

  public init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Bytes received and not yet part of a request that was handed out.
  public var bufferedBytes: Int { buffer.count - start }

  /// True once a byte of the next request has arrived.
  public var isMidRequest: Bool {
    if case .requestLine = state { bufferedBytes > 0 } else { true }
  }

  public mutating func append(_ bytes: some Collection<UInt8>) {
    if case .rejected = state { return }
    buffer.append(contentsOf: bytes)
  }

  /// Answers a `.head` step: the route takes at most `maximumBytes` of body.
  /// - Parameter inPieces: the body comes as `.piece` steps while it arrives, and is not kept here.
  public mutating func admitBody(maximumBytes: Int, inPieces: Bool = false) {
    guard case .awaitingAdmission(let head) = state else { return }
    switch head.framing {
    case .none:
      state = .lengthBody(head, length: 0)
    case .length(let length):
      guard length <= maximumBytes else {
        return reject(Rejection(.contentTooLarge, "the body is larger than \(maximumBytes) bytes"))
      }
      state = inPieces ? .lengthPieces(head, remaining: length) : .lengthBody(head, length: length)
    case .chunked:
      state = .chunkedBody(head, ChunkedBody(), maximumBytes: maximumBytes, inPieces: inPieces)
    }
  }

  public mutating func next() -> Step {
    do throws(Rejection) {
      switch state {
      case .requestLine, .fields: return try readHead()
      case .awaitingAdmission(let head): return .head(head)
      case .lengthBody(let head, let length): return readBody(head, length)
      case .lengthPieces(let head, let remaining): return readPiece(head, remaining)
      case .chunkedBody(let head, let body, let maximum, let inPieces):
        return try readChunks(head, body, maximum, inPieces)
      case .rejected(let rejection): return .rejected(rejection)
      }
    } catch {
      reject(error)
      return .rejected(error)
    }
  }

  /// How what was rejected began, as far as it came.
  private(set) var rejected = RejectedBeginning()

  private mutating func reject(_ rejection: Rejection) {
    rejected = RejectedBeginning(buffer[start...])
    state = .rejected(rejection)
    buffer = []
    beginRequest(at: 0)
  }

  /// Line by line, so that whatever is wrong is found at the same byte however the bytes were cut.
  private mutating func readHead() throws(Rejection) -> Step {
    while let line = try nextLine() {
      switch state {
      case .requestLine where line.isEmpty:
        // RFC 9112 §2.2: a server should ignore an empty line received before the request line.
        emptyLines += 1
        guard emptyLines <= limits.leadingEmptyLines else {
          throw .malformed("too many empty lines before the request")
        }
        start = lineStart
      case .requestLine:
        state = .fields(try RequestLine(parsing: buffer.span, line))
        fieldsStart = lineStart
      case .fields(let requestLine) where line.isEmpty:
        return try finishHead(requestLine, end: line.lowerBound)
      case .fields:
        guard lines.count < limits.headerCount else {
          throw Rejection(.requestHeaderFieldsTooLarge, "more than \(limits.headerCount) header fields")
        }
        lines.append(try HeaderSection.Line(parsing: buffer.span, line, origin: start))
      case .awaitingAdmission, .lengthBody, .lengthPieces, .chunkedBody, .rejected:
        preconditionFailure("only a head is read by lines")
      }
    }
    return .needsMore
  }

  /// The next line without its CRLF, or nil until it is complete. A line is refused at the first byte it is too long by.
  private mutating func nextLine() throws(Rejection) -> Range<Int>? {
    let isRequestLine = if case .requestLine = state { true } else { false }
    // The first byte tells TLS and other protocols from HTTP.
    if isRequestLine, lineStart < buffer.count, !isTokenByte(buffer[lineStart]), buffer[lineStart] != 0x0D {
      throw .malformed("a request does not begin like this")
    }
    let lastEnd =
      isRequestLine ? lineStart + limits.requestLineBytes + 1 : fieldsStart + limits.headerBytes + 1
    let end = min(buffer.count, lastEnd + 1)
    let feed = Self.index(ofLineFeedIn: buffer.span, scanned..<max(scanned, end))
    guard feed < end else {
      guard buffer.count <= lastEnd else {
        throw isRequestLine
          ? tooLongRequestLine : Rejection(.requestHeaderFieldsTooLarge, "the header section is too large")
      }
      scanned = max(scanned, end)
      return nil
    }
    // A bare LF never ends a line here: some proxy in front may not agree (RFC 9112 §2.2).
    guard feed > lineStart, buffer[feed - 1] == 0x0D else { throw .malformed("a bare LF") }
    defer {
      lineStart = feed + 1
      scanned = lineStart
    }
    return lineStart..<(feed - 1)
  }

  /// RFC 9112 §3: a method longer than any we know is 501, a longer target 414.
  private var tooLongRequestLine: Rejection {
    buffer[lineStart...].prefix(RequestLine.longestMethod + 1).contains(0x20)
      ? Rejection(.uriTooLong, "the request line is too long") : RequestLine.unknownMethod
  }

  private static func index(ofLineFeedIn bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    bytes.withUnsafeBufferPointer { pointer in
      guard let base = pointer.baseAddress, !range.isEmpty,
        let found = memchr(base + range.lowerBound, 0x0A, range.count)
      else { return range.upperBound }
      return UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
    }
  }

  private mutating func finishHead(_ line: RequestLine, end: Int) throws(Rejection) -> Step {
    let isAlone = start == 0 && lineStart == buffer.count
    let bytes = isAlone ? buffer : Array(buffer[start..<end])
    let head = try RequestHead(line, HeaderSection(bytes: bytes, lines: lines))
    lines = []
    emptyLines = 0
    if isAlone {
      // The head took the buffer over; nothing of it is left here.
      buffer = []
      beginRequest(at: 0)
    } else {
      discard(upTo: lineStart)
    }
    guard head.framing != .none else {
      state = .requestLine
      return .request(head, body: [])
    }
    state = .awaitingAdmission(head)
    return .head(head)
  }

  private mutating func readBody(_ head: RequestHead, _ length: Int) -> Step {
    guard bufferedBytes >= length else { return .needsMore }
    let body = Array(buffer[start..<(start + length)])
    discard(upTo: start + length)
    state = .requestLine
    return .request(head, body: body)
  }

  private mutating func readPiece(_ head: RequestHead, _ remaining: Int) -> Step {
    guard remaining > 0 else {
      state = .requestLine
      return .request(head, body: [])
    }
    let count = min(bufferedBytes, remaining)
    guard count > 0 else { return .needsMore }
    let piece = Array(buffer[start..<(start + count)])
    discard(upTo: start + count)
    state = .lengthPieces(head, remaining: remaining - count)
    return .piece(piece)
  }

  private mutating func readChunks(
    _ head: RequestHead,
    _ body: ChunkedBody,
    _ maximumBytes: Int,
    _ inPieces: Bool
  ) throws(Rejection) -> Step {
    var body = body
    // Release the state's copy, so that appending does not copy the whole body at every read.
    state = .requestLine
    var position = start
    try body.consume(buffer, from: &position, maximumBytes: maximumBytes, limits: limits)
    discard(upTo: position)
    let piece = inPieces ? body.takeContent() : []
    guard body.isComplete, piece.isEmpty else {
      state = .chunkedBody(head, body, maximumBytes: maximumBytes, inPieces: inPieces)
      return piece.isEmpty ? .needsMore : .piece(piece)
    }
    return .request(head, body: body.content)
  }

  private mutating func discard(upTo index: Int) {
    if index == buffer.count {
      buffer.removeAll(keepingCapacity: false)
      beginRequest(at: 0)
    } else if index > 65_536 {
      buffer.removeFirst(index)
      beginRequest(at: 0)
    } else {
      beginRequest(at: index)
    }
  }

  private mutating func beginRequest(at index: Int) {
    start = index
    lineStart = index
    scanned = index
  }
}

extension RequestParser {
  /// True when the head was admitted and its body has not arrived in full.
  var wantsBody: Bool {
    switch state {
    case .lengthBody, .lengthPieces, .chunkedBody: true
    case .requestLine, .fields, .awaitingAdmission, .rejected: false
    }
  }
}
