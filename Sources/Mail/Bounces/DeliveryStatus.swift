import Foundation

/// RFC 3464: one block of fields about the message, then one about each recipient.
enum DeliveryStatus {
  private static let maximumRecipients = 50
  private static let maximumCharacters = 40_000

  /// Nil when the message has no such report; empty when it reports no failure.
  static func read(_ root: MIMEPart, _ parts: [MIMEPart]) -> [BounceReport]? {
    let reports = parts.filter { $0.type == "message/delivery-status" || $0.type == "message/global-delivery-status" }
    let texts: [String] = reports.isEmpty ? parts.filter(looksLikeOne).map(\.text) : reports.map(Self.text)
    guard !texts.isEmpty else { return nil }
    let blocks = texts.prefix(5).flatMap { Self.blocks(String($0.prefix(maximumCharacters))) }
    let recipients = blocks.filter { block in
      ["final-recipient", "original-recipient", "action"].contains { block[$0] != nil }
    }
    guard !recipients.isEmpty else { return nil }
    return recipients.prefix(maximumRecipients).compactMap(bounce)
  }

  /// A report whose parts lost their types on the way.
  private static func looksLikeOne(_ part: MIMEPart) -> Bool {
    guard part.type.hasPrefix("text/") || part.type.hasPrefix("message/") else { return false }
    let text = part.text.prefix(20_000)
    return text.contains(/(?im)^final-recipient:/) && text.contains(/(?im)^(action|status):/)
  }

  /// The part may have been taken for a message by the parser of another.
  private static func text(_ part: MIMEPart) -> String {
    part.text
      + part.parts.map { inner in
        inner.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + "\n\n" + inner.text
      }.joined(separator: "\n\n")
  }

  private static func blocks(_ text: String) -> [[String: String]] {
    var blocks: [[String: String]] = [[:]]
    var last: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.allSatisfy(\.isWhitespace) {
        if blocks.last?.isEmpty == false { blocks.append([:]) }
        last = nil
      } else if line.first?.isWhitespace == true, let last {
        blocks[blocks.count - 1][last, default: ""] += " " + line.trimmingCharacters(in: .whitespaces)
      } else if let colon = line.firstIndex(of: ":") {
        let name = line[..<colon].trimmingCharacters(in: .whitespaces).lowercased()
        // A second recipient without a blank line between.
        if name == "final-recipient", blocks.last?[name] != nil { blocks.append([:]) }
        blocks[blocks.count - 1][name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        last = name
      }
    }
    return blocks
  }

  /// Nil for what is not a failure. `failed` may well be temporary: the class of the status decides.
  private static func bounce(_ block: [String: String]) -> BounceReport? {
    let action = block["action"]?.lowercased().prefix { $0.isLetter } ?? "failed"
    guard ["failed", "failure", "failed-permanent", "error", ""].contains(String(action)) else { return nil }
    let diagnostic = block["diagnostic-code"] ?? ""
    let status = status(block["status"] ?? "", diagnostic)
    let address = [block["original-recipient"], block["final-recipient"]].compactMap(\.self)
      .lazy.compactMap { BounceText.addresses(in: $0).first }.first
    let final = block["final-recipient"].flatMap { BounceText.addresses(in: $0).first }
    return BounceReport(
      kind: status?.first == "4" ? .soft : .hard,
      status: status,
      recipient: final ?? address,
      diagnostic: diagnostic.isEmpty ? block["status"] ?? "" : diagnostic
    )
  }

  /// `5.0.0` says nothing; what the other end said does.
  private static func status(_ field: String, _ diagnostic: String) -> String? {
    let given = BounceStatus.find(in: field)
    let said = BounceStatus.find(in: diagnostic)
    guard let given else { return said ?? BounceStatus.code(in: diagnostic).map { "\($0 / 100).0.0" } }
    if given.hasSuffix(".0.0"), let said, said.first == given.first { return said }
    return given
  }
}
