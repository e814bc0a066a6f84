/// A letter as a mail program reads it: header fields unfolded and decoded, the text and HTML parts as text.
/// Reads what this service writes, and tolerates what it does not know.
public struct ReceivedLetter: Equatable, Sendable {
  /// Names in lower case; repeated fields keep their order.
  public let fields: [(name: String, value: String)]
  public let text: String
  public let html: String

  public init(parsing bytes: [UInt8]) {
    let letter = MIMEPart(parsing: bytes)
    let leaves = letter.descendants.filter(\.parts.isEmpty)
    fields = letter.fields
    text = leaves.filter { $0.type != "text/html" }.map(\.text).joined()
    html = leaves.filter { $0.type == "text/html" }.map(\.text).joined()
  }

  public static func == (left: ReceivedLetter, right: ReceivedLetter) -> Bool {
    left.text == right.text && left.html == right.html
      && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  /// The value of the first field of that name, encoded words decoded.
  public func first(_ name: String) -> String? {
    fields.first { $0.name == name.lowercased() }?.value
  }
}
