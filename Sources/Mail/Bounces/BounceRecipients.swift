/// Whom a report in prose is about. Most servers give each address a line of its own, or a label.
enum BounceRecipients {
  private static let maximum = 20

  static func find(in explanation: BounceExplanation, of root: MIMEPart) -> [String] {
    // The server's own addresses and those the report went to are not whom it is about, unless nobody else is named.
    let own = Set(addresses(of: root, in: ["from", "to", "reply-to", "delivered-to", "x-original-to"]))
    let named = named(in: explanation.text)
    let others = named.filter { !own.contains($0.lowercased()) }
    if !others.isEmpty { return distinct(others) }
    let mentioned = mentioned(in: explanation.text).filter { !own.contains($0.lowercased()) && !isRole($0) }
    if let first = mentioned.first { return [first] }
    let sender = Set(addresses(of: root, in: ["from"]))
    let plain = named.filter { !sender.contains($0.lowercased()) }
    return plain.isEmpty ? ReturnedLetter.recipients(root, explanation) : distinct(plain)
  }

  private static func addresses(of root: MIMEPart, in names: [String]) -> [String] {
    names.flatMap(root.all).flatMap { BounceText.addresses(in: $0) }.map { $0.lowercased() }
  }

  /// Those that start a line or stand behind a label, in order. The fields of the letter count when nothing else does.
  static func named(in text: String) -> [String] {
    var found: [String] = []
    var fields: [String] = []
    var before: Substring = ""
    for line in text.split(separator: "\n") where !line.allSatisfy(\.isWhitespace) {
      defer { before = line.suffix(40) }
      guard let place = BounceText.places(in: line, limit: 1).first else { continue }
      if place.head.contains(field) {
        fields.append(place.address)
      } else if isNamed(place, before) {
        found.append(place.address)
      }
    }
    return found.isEmpty ? fields : found
  }

  private static func isNamed(_ place: BounceText.Place, _ before: Substring) -> Bool {
    let (head, tail) = (place.head, place.tail)
    if isSender(head[...]) { return false }
    if head.contains(label) { return true }
    guard head.allSatisfy({ !$0.isLetter && !$0.isNumber }), !isSender(before) else { return false }
    return tail.allSatisfy { !$0.isLetter && !$0.isNumber } || tail.contains(reason)
  }

  private static func isSender(_ head: Substring) -> Bool {
    head.contains(senderLabel)
  }

  /// Those anywhere that are not said to be the sender's.
  private static func mentioned(in text: String) -> [String] {
    text.split(separator: "\n").flatMap { BounceText.places(in: $0) }
      .filter { !isSender($0.head[...]) || $0.head.contains(/(generated|expanded) from\W*$/) }
      .map(\.address)
  }

  private static func isRole(_ address: String) -> Bool {
    address.lowercased().contains(/^(postmaster|mailer-daemon|abuse|support|help|info|no-?reply|webmaster)@/)
  }

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let field =
    /^[\s>]*(to|cc|an|para|à|a):\s*["<]?$/.ignoresCase()

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let label =
    /(to|recipients?|recipient address|rcpt|address|addresses|userid|user|mailbox|account|attempts|size)\W*[:<]\W*$/
    .ignoresCase()

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let senderLabel =
    /\b(from|sent by|sender|reply.?to|by|contact|at|envelope|sorry)\W*$/.ignoresCase()

  // because a Regex is a value that nothing changes.
  nonisolated(unsafe) private static let reason =
    /^['">)]*\s*([:;,<\[(\-]|\.\.\.| on | \w)/

  private static func distinct(_ addresses: [String]) -> [String] {
    var seen: Set<String> = []
    return Array(addresses.filter { seen.insert($0.lowercased()).inserted }.prefix(maximum))
  }
}
