/// Which of an index's texts.
typealias TextSet = SIMD8<UInt64>

extension TextSet {
  mutating func insert(_ text: Int) { self[text >> 6] |= 1 << UInt64(text & 63) }

  func contains(_ text: Int) -> Bool { self[text >> 6] & (1 << UInt64(text & 63)) != 0 }

  var isEmpty: Bool { self == .zero }

  var count: Int { indices.reduce(0) { $0 + self[$1].nonzeroBitCount } }

  /// In order.
  var members: [Int] {
    var members: [Int] = []
    for lane in indices {
      var bits = self[lane]
      while bits != 0 {
        members.append(lane << 6 + bits.trailingZeroBitCount)
        bits &= bits - 1
      }
    }
    return members
  }
}
