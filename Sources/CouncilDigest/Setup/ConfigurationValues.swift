import Foundation
import Mail
import Yams

/// The texts of all keys, from defaults, the file and the environment, each checked against its kind.
struct ConfigurationValues: Equatable, Sendable {
  private(set) var texts: [String: String]

  /// - Throws: `ConfigurationProblem` for the first key that is unknown or has a value of the wrong kind.
  init(file yaml: String?, fileName: String, environment: [String: String]) throws {
    texts = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.name, $0.standard) })
    if let yaml { try read(yaml, fileName) }
    for key in ConfigurationKey.all {
      if let text = environment[key.variable] { try set(key, text) }
    }
  }

  private mutating func read(_ yaml: String, _ fileName: String) throws {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw ConfigurationProblem(key: fileName, problem: "is not YAML: \(error)")
    }
    guard let root else { return }
    guard case .mapping(let mapping) = root else {
      // A file of comments only is an empty scalar.
      if root.scalar?.string.isEmpty == true { return }
      throw ConfigurationProblem(key: fileName, problem: "expected keys and values")
    }
    try read(mapping, prefix: "")
  }

  private mutating func read(_ mapping: Node.Mapping, prefix: String) throws {
    for (name, node) in mapping {
      let path = prefix + (name.scalar?.string ?? "?")
      switch node {
      case .mapping(let inner):
        guard ConfigurationKey.all.contains(where: { $0.name.hasPrefix(path + ".") }) else { throw Self.unknown(path) }
        try read(inner, prefix: path + ".")
      case .sequence(let entries):
        let key = try Self.key(path)
        guard key.kind == .list else {
          throw ConfigurationProblem(key: path, problem: "expected one value, got a list")
        }
        try set(key, entries.compactMap { $0.scalar?.string }.joined(separator: ","))
      case .scalar(let scalar):
        let isSection = ConfigurationKey.all.contains { $0.name.hasPrefix(path + ".") }
        let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
        if isSection, isNull { continue }
        if isSection {
          throw ConfigurationProblem(
            key: path,
            problem: "is a section: its keys stand below it, each on a line of its own"
          )
        }
        try set(try Self.key(path), isNull ? "" : scalar.string)
      case .alias:
        throw ConfigurationProblem(key: path, problem: "YAML aliases are not read")
      }
    }
  }

  private mutating func set(_ key: ConfigurationKey, _ text: String) throws {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard !trimmed.isEmpty else {
      texts[key.name] = key.standard
      return
    }
    texts[key.name] = try key.checked(trimmed)
  }

  private static func key(_ name: String) throws -> ConfigurationKey {
    guard let key = ConfigurationKey.byName[name] else { throw unknown(name) }
    return key
  }

  private static func unknown(_ name: String) -> ConfigurationProblem {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    let alike = ConfigurationKey.all.first { $0.name.hasSuffix("." + last) && $0.name != name }
    return ConfigurationProblem(
      key: name,
      problem: "unknown key" + (alike.map { "; did you mean \($0.name)?" } ?? "")
    )
  }
}

extension ConfigurationKey {
  /// The text in its canonical form, or a problem that names this key.
  fileprivate func checked(_ text: String) throws -> String {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw ConfigurationProblem(key: name, problem: "has control characters")
    }
    func expected(_ what: String) -> ConfigurationProblem {
      ConfigurationProblem(key: name, problem: "expected \(what), got “\(text)”")
    }
    switch kind {
    case .text, .list: return text
    case .number(let range):
      guard let number = Int(text), range.contains(number) else {
        throw expected("a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return String(number)
    case .choice(let choices):
      let choice = Self.switches[text.lowercased()] ?? text.lowercased()
      guard choices.contains(choice) else { throw expected("one of \(choices.joined(separator: ", "))") }
      return choice
    case .email:
      guard (try? EmailAddress(parsing: text)) != nil else { throw expected("an email address") }
      return text
    case .mailbox:
      guard Mailbox(configured: text, defaultName: "") != nil else { throw expected("an address, or Name <address>") }
      return text
    case .origin:
      guard let origin = Self.origin(text) else {
        throw expected("an address like https://digest.example.org, without a path")
      }
      return origin
    case .timeOfDay:
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]), let minute = Int(parts[1]),
        (0...23).contains(hour), (0...59).contains(minute)
      else { throw expected("a time like 08:00") }
      return text
    case .date:
      guard RFC3339("\(text)T00:00:00Z") != nil else { throw expected("a date like 2026-12-01") }
      return text
    case .timeZone:
      guard TimeZone(identifier: text) != nil else { throw expected("a time zone like Europe/London") }
      return text
    }
  }

  /// How YAML writes a switch.
  private static let switches = ["false": "off", "no": "off", "true": "on", "yes": "on"]

  private static func origin(_ text: String) -> String? {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
      ["http", "https"].contains(scheme), let host = parts.encodedHost, !host.isEmpty, parts.user == nil,
      ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil,
      parts.port.map((1...65_535).contains) ?? true
    else { return nil }
    // Browsers leave the default port out of Host and Origin.
    let port = parts.port == (scheme == "https" ? 443 : 80) ? nil : parts.port
    return "\(scheme)://\(host.lowercased())" + (port.map { ":\($0)" } ?? "")
  }
}

extension Mailbox {
  /// `address` or `Name <address>`.
  init?(configured text: String, defaultName: String) {
    guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
      guard let address = try? EmailAddress(parsing: text) else { return nil }
      self.init(name: defaultName, address: address)
      return
    }
    let inner = text[text.index(after: open)...].dropLast()
    guard let address = try? EmailAddress(parsing: String(inner)) else { return nil }
    let name = text[..<open].trimmingCharacters(in: CharacterSet(charactersIn: " \""))
    self.init(name: name, address: address)
  }
}
