import CZlib
import Foundation

/// zlib (RFC 1950) for bodies that wait in the store.
enum Compression {
  struct Problem: Error, CustomStringConvertible {
    var code: Int32
    var description: String { "zlib failed with \(code)" }
  }

  /// The length of the text, then its compressed bytes.
  static func compress(_ text: String) throws -> Data {
    let source = Array(text.utf8)
    var length = compressBound(uLong(source.count))
    var output = [UInt8](repeating: 0, count: Int(length))
    let code = compress2(&output, &length, source, uLong(source.count), 6)
    guard code == Z_OK else { throw Problem(code: code) }
    let size = withUnsafeBytes(of: UInt32(source.count).bigEndian) { Data($0) }
    return size + Data(output.prefix(Int(length)))
  }

  static func decompress(_ data: Data) throws -> String {
    let bytes = Array(data)
    guard bytes.count > 4 else { throw Problem(code: Z_DATA_ERROR) }
    var length = bytes[..<4].reduce(uLong(0)) { $0 << 8 | uLong($1) }
    var output = [UInt8](repeating: 0, count: Int(length))
    let code = uncompress(&output, &length, Array(bytes[4...]), uLong(bytes.count - 4))
    guard code == Z_OK else { throw Problem(code: code) }
    return String(decoding: output.prefix(Int(length)), as: UTF8.self)
  }
}
