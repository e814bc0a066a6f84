/// Names one request in answers and logs, so that what a reader reports can be found. Not a secret.
public struct RequestID: Hashable, Sendable, CustomStringConvertible {
  private enum Kind: Hashable {
    case ours(UInt64)
    case givenByProxy(String)
  }

  private let kind: Kind

  public init(_ number: UInt64) { kind = .ours(number) }

  /// The id that a trusted proxy gave in `X-Request-ID`; nil unless it is 8 to 64 letters, digits, `-`, `_` or `.`.
  init?(givenByProxy bytes: ArraySlice<UInt8>) {
    guard (8...64).contains(bytes.count),
      bytes.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E })
    else { return nil }
    kind = .givenByProxy(String(decoding: bytes, as: UTF8.self))
  }

  /// Sixteen hexadecimal digits, or what the proxy said.
  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  func append(to output: inout [UInt8]) {
    switch kind {
    case .ours(let number):
      for shift in stride(from: 60, through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
        output.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
    case .givenByProxy(let text): output.append(contentsOf: text.utf8)
    }
  }
}

/// Gives ids that don't repeat within a process and hardly ever across: a random start, then steps of an odd number.
struct RequestIDSequence {
  private var number = UInt64.random(in: .min ... .max)

  mutating func next() -> RequestID {
    number &+= 0x9E37_79B9_7F4A_7C15
    return RequestID(number)
  }
}
