/// Encoded text with slots that are filled differently for each reader.
struct SlottedBytes: Equatable, Sendable {
  private enum Piece: Equatable {
    case bytes([UInt8])
    /// By its place in `slots`.
    case slot(Int)
  }

  private var pieces: [Piece] = []
  private var slots: [String] = []
  /// Without what the slots take.
  private(set) var byteCount = 0

  /// Appends what is encoded already.
  mutating func append(raw text: String) { append(Array(text.utf8)) }

  /// Appends text in quoted-printable, which ends with a line end.
  /// - Parameter text: a slot is its name between STX and ETX.
  mutating func append(text: String) {
    var rest = text.utf8[...]
    var endsWithSlot = false
    while let start = rest.firstIndex(of: 0x02), let end = rest[start...].firstIndex(of: 0x03) {
      append(rest[..<start], isLast: false)
      pieces.append(.slot(slot(named: String(Substring(rest[rest.index(after: start)..<end])))))
      rest = rest[rest.index(after: end)...]
      endsWithSlot = rest.isEmpty
    }
    append(endsWithSlot ? "\n".utf8[...] : rest, isLast: true)
  }

  private mutating func append(_ text: Substring.UTF8View, isLast: Bool) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 5 / 4)
    if QuotedPrintable.append(text, goesOn: !isLast, to: &bytes) {
      bytes += isLast ? QuotedPrintable.lineEnd : QuotedPrintable.softBreak
    }
    append(bytes)
  }

  private mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    if case .bytes(let before)? = pieces.last {
      pieces[pieces.count - 1] = .bytes(before + bytes)
    } else {
      pieces.append(.bytes(bytes))
    }
  }

  private mutating func slot(named name: String) -> Int {
    if let known = slots.firstIndex(of: name) { return known }
    slots.append(name)
    return slots.count - 1
  }

  var pieceCount: Int { pieces.count }

  /// - Parameter values: by slot; one that is missing leaves nothing.
  func write(_ values: [String: String], to letter: inout LetterBytes) {
    // Each begins a line, so it is the same bytes wherever it stands.
    let filled = slots.map { name -> [UInt8] in
      guard var value = values[name] else { return [] }
      return value.withUTF8 { value in
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count + 32)
        let isOpen = QuotedPrintable.append(word: value, to: &bytes)
        if isOpen { bytes += QuotedPrintable.softBreak }
        return bytes
      }
    }
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): letter.append(bytes)
      case .slot(let number): letter.append(filled[number])
      }
    }
  }
}
