/// One part of a letter, encoded once for all who get it, with slots where something differs in every copy. To fill it is
/// to copy bytes.
public struct PreparedPart: Equatable, Sendable {
  private enum Piece: Equatable {
    case bytes([UInt8])
    case slot(String)
  }

  private var pieces: [Piece] = []
  /// Of the encoded text without what the slots take.
  public private(set) var byteCount = 0

  /// - Parameter text: a slot is its name between STX and ETX.
  public init(_ text: String) {
    var rest = text.utf8[...]
    while let start = rest.firstIndex(of: 0x02), let end = rest[start...].firstIndex(of: 0x03) {
      append(rest[..<start], isLast: false)
      pieces.append(.slot(String(Substring(rest[rest.index(after: start)..<end]))))
      rest = rest[rest.index(after: end)...]
    }
    // A slot that ends the text still has its line end.
    if case .slot? = pieces.last, rest.isEmpty { rest = "\n".utf8[...] }
    append(rest, isLast: true)
  }

  private mutating func append(_ text: Substring.UTF8View, isLast: Bool) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 5 / 4)
    let isOpen = QuotedPrintable.append(text, goesOn: !isLast, to: &bytes)
    if isOpen { bytes += isLast ? QuotedPrintable.lineEnd : QuotedPrintable.softBreak }
    guard !bytes.isEmpty else { return }
    byteCount += bytes.count
    pieces.append(.bytes(bytes))
  }

  /// - Parameter values: by slot; one that is missing leaves nothing.
  func write(_ values: [String: String], to output: inout [UInt8]) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): output += bytes
      case .slot(let name):
        if QuotedPrintable.append((values[name] ?? "").utf8, goesOn: true, to: &output) {
          output += QuotedPrintable.softBreak
        }
      }
    }
  }
}

/// What all letters of one edition have in common, encoded.
public struct PreparedBody: Equatable, Sendable {
  public var subject: String
  public var text: PreparedPart
  public var html: PreparedPart

  public init(subject: String, text: PreparedPart, html: PreparedPart) {
    self.subject = subject
    self.text = text
    self.html = html
  }

  public init(subject: String, text: String, html: String) {
    self.init(subject: subject, text: PreparedPart(text), html: PreparedPart(html))
  }

  public var byteCount: Int { subject.utf8.count + text.byteCount + html.byteCount }
}
