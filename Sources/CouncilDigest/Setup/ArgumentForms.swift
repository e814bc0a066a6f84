import Mail

/// What commands can say of their arguments without a store.
public enum ArgumentForms {
  /// RFC 3339.
  public static func isTime(_ text: String) -> Bool { RFC3339(text) != nil }

  /// ISO 8601, as in 2026-W47.
  public static func isWeek(_ text: String) -> Bool { ISOWeek(parsing: text) != nil }

  public static func isAddress(_ text: String) -> Bool { (try? EmailAddress(parsing: text)) != nil }

  public static var densities: [String] { Subscriber.Density.allCases.map(\.rawValue) }
}
