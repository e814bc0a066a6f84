import Foundation

/// Reads a table of comma-separated values (RFC 4180) record by record and in bounded memory, from portions of any size.
/// Takes CRLF, LF and CR, a byte order mark, quoted fields with line breaks, and the semicolons or tabs of spreadsheets that
/// are set to another language.
struct CSVReader {
  enum Problem: Error, Equatable {
    case tooLong
    case notUTF8
    case afterQuote
    case openQuote
  }

  struct Record: Equatable {
    /// Where it begins, from 1.
    var line: Int
    var fields: Result<[String], Problem>
  }

  static let maximumBytes = 65_536
  private static let (lineFeed, carriageReturn, quote): (UInt8, UInt8, UInt8) = (0x0A, 0x0D, 0x22)
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private let read: (_ offset: Int) throws -> [UInt8]
  private var portion: [UInt8] = []
  private var position = 0
  private var offset = 0
  private var line = 1
  private let separator: UInt8

  /// - Parameter read: what stands at `offset`; empty at the end.
  init(read: @escaping (_ offset: Int) throws -> [UInt8]) throws {
    self.read = read
    portion = try read(0)
    offset = portion.count
    position = portion.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
    separator = Self.separator(of: portion[position...])
  }

  /// What the first line has most of, outside of quotes.
  private static func separator(of bytes: ArraySlice<UInt8>) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in bytes.prefix(maximumBytes) {
      if byte == quote { isQuoted.toggle() }
      if byte == lineFeed || byte == carriageReturn, !isQuoted { break }
      if !isQuoted, [0x2C, 0x3B, 0x09].contains(byte) { counts[byte, default: 0] += 1 }
    }
    let comma: UInt8 = 0x2C
    return counts.max { ($0.value, $0.key == comma ? 1 : 0) < ($1.value, $1.key == comma ? 1 : 0) }?.key ?? comma
  }

  /// The next record that is not blank; nil at the end.
  mutating func next() throws -> Record? {
    while let record = try nextOrBlank() {
      if case .success(let fields) = record.fields, fields.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) { continue }
      return record
    }
    return nil
  }

  private enum Place {
    case start, plain, quoted, afterQuote
  }

  private mutating func nextOrBlank() throws -> Record? {
    guard try peek() != nil else { return nil }
    let start = line
    var (fields, field, bytes) = ([[UInt8]](), [UInt8](), 0)
    var place = Place.start
    var problem: Problem?
    while let byte = try take() {
      bytes += 1
      if bytes > Self.maximumBytes {
        // Nothing of it is kept, and an open quote does not swallow the rest of the file.
        problem = .tooLong
        (fields, field, place) = ([], [], .plain)
      }
      switch (place, byte) {
      case (.quoted, Self.quote): place = .afterQuote
      case (.quoted, _): field.append(byte)
      case (.afterQuote, Self.quote):
        field.append(byte)
        place = .quoted
      case (.start, Self.quote): place = .quoted
      case (_, Self.carriageReturn) where try peek() == Self.lineFeed: break
      case (_, Self.lineFeed), (_, Self.carriageReturn):
        return Record(line: start, fields: Self.finished(fields + [field], problem))
      case (_, separator):
        fields.append(field)
        (field, place) = ([], .start)
      case (.afterQuote, _): problem = problem ?? .afterQuote
      case (.start, _), (.plain, _):
        if problem == nil { field.append(byte) }
        place = .plain
      }
    }
    if place == .quoted { problem = .openQuote }
    return Record(line: start, fields: Self.finished(fields + [field], problem))
  }

  private static func finished(_ fields: [[UInt8]], _ problem: Problem?) -> Result<[String], Problem> {
    if let problem { return .failure(problem) }
    var texts: [String] = []
    for field in fields {
      guard let text = String(validating: field, as: UTF8.self) else { return .failure(.notUTF8) }
      texts.append(text)
    }
    return .success(texts)
  }

  private mutating func peek() throws -> UInt8? {
    if position >= portion.count {
      portion = try read(offset)
      offset += portion.count
      position = 0
    }
    return position < portion.count ? portion[position] : nil
  }

  private mutating func take() throws -> UInt8? {
    guard let byte = try peek() else { return nil }
    position += 1
    // Of a CRLF only one ends the line.
    if try byte == Self.lineFeed || (byte == Self.carriageReturn && peek() != Self.lineFeed) { line += 1 }
    return byte
  }
}

extension CSVReader.Problem: CustomStringConvertible {
  var description: String {
    switch self {
    case .tooLong: "The row has more than \(CSVReader.maximumBytes) bytes"
    case .notUTF8: "The row is not text in UTF-8"
    case .afterQuote: "After a quotation mark that closes a field comes the next field or the end of the line"
    case .openQuote: "A quotation mark opens here and is not closed"
    }
  }
}
