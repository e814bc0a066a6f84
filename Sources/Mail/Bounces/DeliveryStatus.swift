import Foundation

/// RFC 3464: one block of fields about the message, then one about each recipient.
enum DeliveryStatus {
  private static let maximumRecipients = 50
  private static let maximumCharacters = 40_000

  /// Nil when the message has no such report; empty when it reports no failure.
  static func read(_ root: MIMEPart) -> [BounceReport]? {
    // What a returned letter holds is about another one, unless somebody passes a whole report on.
    let reports = [root.surface, root.descendants].lazy.map { $0.filter(isReport) }.first { !$0.isEmpty }
    guard let texts = reports?.map(text) ?? quotedReport(root) else { return nil }
    let blocks = texts.prefix(5).flatMap { Self.blocks(String($0.prefix(maximumCharacters))) }
    let recipients = blocks.filter { $0["final-recipient"] != nil || $0["original-recipient"] != nil }
    let entries = recipients.isEmpty ? blocks.filter { $0["action"] != nil && $0["status"] != nil } : recipients
    guard !entries.isEmpty else { return nil }
    let isGiven = reports != nil || BounceSigns.isFromServer(root)
    var bounces = entries.prefix(maximumRecipients).compactMap { bounce($0, isGiven: isGiven) }
    if bounces.count == 1, bounces[0].recipient == nil {
      bounces[0].recipient = BounceRecipients.find(in: BounceExplanation(of: root), of: root).first
    }
    return bounces
  }

  private static func isReport(_ part: MIMEPart) -> Bool {
    part.type == "message/delivery-status" || part.type == "message/global-delivery-status"
  }

  /// A report whose part lost its type on the way, or that somebody quotes.
  private static func quotedReport(_ root: MIMEPart) -> [String]? {
    let texts = root.descendants.filter { $0.type.hasPrefix("text/") || $0.type.hasPrefix("message/") }
      .map { String($0.text.prefix(20_000)) }
      // Nearly none has it, and this is fast.
      .filter { $0.lowercased().withCString { strstr($0, "final-recipient:") != nil } }
      .map { $0.replacing(/(?m)^(> ?)+/, with: "") }
      .filter { $0.contains(/(?im)^final-recipient:/) && $0.contains(/(?im)^(action|status):/) }
    return texts.isEmpty ? nil : texts
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

  /// As RFC 3464 §2.3.3 names it, and as some others do.
  private static let failures = ["failed", "failure", "error", "expired", "bounced", "blocked", "rejected", ""]

  /// Nil for what is not a failure. `failed` may well be temporary: the class of the status decides.
  private static func bounce(_ block: [String: String], isGiven: Bool) -> BounceReport? {
    let action = block["action"]?.lowercased().prefix { $0.isLetter } ?? "failed"
    guard failures.contains(String(action)) else { return nil }
    let diagnostic = block["diagnostic-code"] ?? ""
    let status = status(block["status"] ?? "", diagnostic)
    return BounceReport(
      kind: (status ?? (action == "expired" ? "4" : "5")).first == "4" ? .soft : .hard,
      status: status,
      isStatusInferred: status != nil && !isGiven,
      recipient: recipient(block),
      diagnostic: diagnostic.isEmpty ? block["status"] ?? "" : diagnostic
    )
  }

  /// The final one, unless only the server that reports knows it.
  private static func recipient(_ block: [String: String]) -> String? {
    let final = block["final-recipient"].flatMap(address)
    let original = block["original-recipient"].flatMap(address)
    guard let final else { return original }
    let domain = final.split(separator: "@").last?.lowercased() ?? ""
    return domain.contains(".") && !domain.hasSuffix(".local") ? final : original ?? final
  }

  private static func address(_ field: String) -> String? {
    // RFC 6533: of the type utf-8 it may hold any letters.
    let value = field.split(separator: ";").last?.trimmingCharacters(in: CharacterSet(charactersIn: " \t<>")) ?? ""
    let isInternational = value.utf8.contains { $0 >= 0x80 } && value.contains("@")
    return isInternational ? String(value.prefix(254)) : BounceText.addresses(in: field).first
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
