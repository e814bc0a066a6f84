/// A letter as it goes over the wire, in pieces: what many copies have in common stands in memory once.
public struct LetterBytes: Equatable, Sendable {
  private var pieces: [[UInt8]] = []
  public private(set) var count = 0

  init() {}

  public init(_ bytes: [UInt8]) { append(bytes) }

  mutating func reserveCapacity(pieces count: Int) { pieces.reserveCapacity(count) }

  mutating func append(_ piece: [UInt8]) {
    guard !piece.isEmpty else { return }
    pieces.append(piece)
    count += piece.count
  }

  /// The same letter with something before it.
  func preceded(by head: [UInt8]) -> LetterBytes {
    var whole = LetterBytes(head)
    for piece in pieces { whole.append(piece) }
    return whole
  }

  public var joined: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for piece in pieces { bytes += piece }
    return bytes
  }

  /// The bytes decide, not how they are cut.
  public static func == (left: LetterBytes, right: LetterBytes) -> Bool {
    left.count == right.count && left.joined == right.joined
  }

  /// Hands the bytes out from the first to the last.
  struct Reader {
    private let pieces: [[UInt8]]
    private var number = 0
    /// Of the present piece.
    private var taken = 0
    private(set) var left: Int

    init(_ letter: LetterBytes) {
      pieces = letter.pieces
      left = letter.count
    }

    /// Fills `buffer` with the next bytes, as many as it holds or as there are.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) {
      var filled = 0
      while filled < buffer.count, number < pieces.count {
        let piece = pieces[number]
        let bytes = min(buffer.count - filled, piece.count - taken)
        piece.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
            from: .init(rebasing: $0[taken..<(taken + bytes)])
          )
        }
        (filled, taken, left) = (filled + bytes, taken + bytes, left - bytes)
        if taken == piece.count { (number, taken) = (number + 1, 0) }
      }
    }
  }
}
