/// What the holder of an API key may do; each role includes the one before.
public enum Role: String, CaseIterable, Comparable, Sendable {
  case reader, editor, `operator`

  public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .reader: 0
    case .editor: 1
    case .operator: 2
    }
  }
}
