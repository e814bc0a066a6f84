import Foundation

/// Cuts what `read` gives, in portions of any size, into lines, one at a time and in bounded memory: of a line that is too
/// long nothing is kept. A line ends with LF or CRLF, the last one also with the end; a byte order mark before the
/// first is dropped.
struct LineReader {
  enum Line: Equatable {
    case text([UInt8])
    /// Longer than the maximum.
    case tooLong
  }

  /// Of the line that was read last, from 1.
  private(set) var number = 0
  private let maximumBytes: Int
  private let read: (_ offset: Int) throws -> [UInt8]
  private var portion: [UInt8] = []
  private var position = 0
  private var offset = 0

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// - Parameter read: what stands at `offset`; empty at the end.
  init(maximumBytes: Int, read: @escaping (_ offset: Int) throws -> [UInt8]) {
    self.maximumBytes = maximumBytes
    self.read = read
  }

  /// Nil at the end.
  mutating func next() throws -> Line? {
    var line: [UInt8] = []
    var isTooLong = false
    var isStarted = false
    while try fill() {
      isStarted = true
      let part = portion[position..<endOfLine()]
      isTooLong = isTooLong || line.count + part.count > maximumBytes + Self.marginBytes
      if isTooLong { line = [] } else { line += part }
      position = part.endIndex + 1
      // Past the end when it has no line feed: then the line goes on in the next portion.
      if position <= portion.count { break }
    }
    guard isStarted else { return nil }
    number += 1
    if number == 1, line.starts(with: Self.byteOrderMark) { line.removeFirst(Self.byteOrderMark.count) }
    if line.last == 0x0D { line.removeLast() }
    return isTooLong || line.count > maximumBytes ? .tooLong : .text(line)
  }

  /// A byte order mark and a CR, which are no part of a line.
  private static let marginBytes = 4

  private mutating func fill() throws -> Bool {
    guard position >= portion.count else { return true }
    portion = try read(offset)
    offset += portion.count
    position = 0
    return !portion.isEmpty
  }

  /// Where the next line feed is, or the end of the portion.
  private func endOfLine() -> Int {
    portion.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress?.advanced(by: position),
        let found = memchr(start, 0x0A, bytes.count - position)
      else { return bytes.count }
      return position + UnsafeRawPointer(start).distance(to: UnsafeRawPointer(found))
    }
  }
}
