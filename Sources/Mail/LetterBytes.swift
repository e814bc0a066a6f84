/// A letter as it goes over the wire, in pieces: what many copies have in common stands in memory once.
public struct LetterBytes: Equatable, Sendable {
  private var pieces: [[UInt8]] = []
  /// In bytes.
  public private(set) var count = 0

  init() {}

  /// A letter of one piece.
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

  /// All of it in one piece.
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
    private var pieceNumber = 0
    private var takenOfPiece = 0
    private(set) var left: Int

    init(_ letter: LetterBytes) {
      pieces = letter.pieces
      left = letter.count
    }

    /// Fills `buffer` with the next bytes, as many as it holds or as there are.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) {
      var filled = 0
      while filled < buffer.count, pieceNumber < pieces.count {
        let piece = pieces[pieceNumber]
        let bytes = min(buffer.count - filled, piece.count - takenOfPiece)
        piece.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
            from: .init(rebasing: $0[takenOfPiece..<(takenOfPiece + bytes)])
          )
        }
        (filled, takenOfPiece, left) = (filled + bytes, takenOfPiece + bytes, left - bytes)
        if takenOfPiece == piece.count { (pieceNumber, takenOfPiece) = (pieceNumber + 1, 0) }
      }
    }
  }
}
