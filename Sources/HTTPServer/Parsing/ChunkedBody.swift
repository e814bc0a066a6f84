/// Reads a chunked body (RFC 9112 §7.1) from bytes that arrive in any portions. Extensions and trailers are
/// checked, counted against a bound and dropped.
struct ChunkedBody: Equatable {
  private enum State: Equatable {
    case size
    case data(remaining: Int)
    case dataEnd
    case trailers
    case done
  }

  private var state = State.size
  private var line: [UInt8] = []
  private var overhead = 0
  /// What was not taken away yet.
  private(set) var content: [UInt8] = []
  private var contentBytes = 0

  private static let freeLineBytes = 18

  var isComplete: Bool { state == .done }

  /// Hands over what has been read, for a body that is passed on in pieces.
  mutating func takeContent() -> [UInt8] {
    defer { content = [] }
    return content
  }

  /// Consumes from `bytes` starting at `position`; stops at the end of the body and leaves what follows.
  mutating func consume(
    _ bytes: [UInt8],
    from position: inout Int,
    maximumBytes: Int,
    limits: Limits
  ) throws(Rejection) {
    while position < bytes.count, state != .done {
      switch state {
      case .size:
        guard let line = try takeLine(bytes, &position, limits) else { return }
        let size = try Self.chunkSize(line)
        guard size <= maximumBytes - contentBytes else {
          throw Rejection(.contentTooLarge, "the body is larger than \(maximumBytes) bytes")
        }
        state = size == 0 ? .trailers : .data(remaining: size)
      case .data(let remaining):
        let count = min(remaining, bytes.count - position)
        content.append(contentsOf: bytes[position..<(position + count)])
        contentBytes += count
        position += count
        state = count == remaining ? .dataEnd : .data(remaining: remaining - count)
      case .dataEnd:
        guard let line = try takeLine(bytes, &position, limits) else { return }
        guard line.isEmpty else { throw .malformed("a chunk is longer than its size") }
        state = .size
      case .trailers:
        guard let line = try takeLine(bytes, &position, limits) else { return }
        if line.isEmpty {
          state = .done
        } else {
          // A trailer must be a well-formed field line even though it is dropped.
          _ = try HeaderSection.Line(parsing: line.span, line.indices, origin: 0)
        }
      case .done:
        return
      }
    }
  }

  private mutating func takeLine(
    _ bytes: [UInt8],
    _ position: inout Int,
    _ limits: Limits
  ) throws(Rejection) -> [UInt8]? {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      // A size and a line end are the price of a chunk; extensions and trailers are what is bounded.
      if state == .trailers || line.count >= Self.freeLineBytes { overhead += 1 }
      guard overhead <= limits.chunkOverheadBytes else { throw .malformed("too many chunk extensions or trailers") }
      if byte == 0x0A {
        guard line.last == 0x0D else { throw .malformed("a bare LF in a chunked body") }
        defer { line.removeAll(keepingCapacity: true) }
        return Array(line.dropLast())
      }
      guard line.last != 0x0D else { throw .malformed("a bare CR in a chunked body") }
      line.append(byte)
    }
    return nil
  }

  /// `1*HEXDIG [ chunk-ext ]`: at most 15 digits, so the sum can't overflow.
  private static func chunkSize(_ line: [UInt8]) throws(Rejection) -> Int {
    var size = 0
    var digits = 0
    for byte in line {
      guard let value = hexValue(byte) else { break }
      digits += 1
      guard digits <= 15 else { throw .malformed("a chunk size with too many digits") }
      size = size * 16 + Int(value)
    }
    guard digits > 0 else { throw .malformed("a chunk without a size") }
    let rest = line[digits...]
    // RFC 9112 §7.1.1: an extension starts with a semicolon; anything else after the digits is an attack or a bug.
    let firstMark = rest.first { !isOptionalWhitespace($0) }
    guard rest.isEmpty || firstMark == 0x3B else { throw .malformed("a chunk size that is not hexadecimal") }
    guard rest.allSatisfy(isFieldValueByte) else {
      throw .malformed("a control character in a chunk extension")
    }
    return size
  }
}
