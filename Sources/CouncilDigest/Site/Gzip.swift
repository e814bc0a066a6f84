import CZlib

/// gzip (RFC 1952) for what is sent many times. Never for an answer in which a secret and something a stranger chose
/// stand side by side: its length would give the secret away (BREACH).
enum Gzip {
  /// The compressed bytes, or nil when they would hardly be fewer.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= smallestWorthIt else { return nil }
    var stream = z_stream()
    // 15 bits of window, and 16 more for a gzip header instead of zlib's.
    let window: Int32 = 15 + 16
    let size = Int32(MemoryLayout<z_stream>.size)
    guard deflateInit2_(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
      return nil
    }
    defer { deflateEnd(&stream) }
    var source = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))))
    let count = source.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output -> Int? in
        stream.next_in = input.baseAddress
        stream.avail_in = uInt(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = uInt(output.count)
        return deflate(&stream, Z_FINISH) == Z_STREAM_END ? output.count - Int(stream.avail_out) : nil
      }
    }
    guard let count, count + smallestSaving <= bytes.count else { return nil }
    return Array(output[..<count])
  }

  private static let smallestWorthIt = 512
  private static let smallestSaving = 64
}
