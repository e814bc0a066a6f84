/// The sample file: every key, its default and one comment, written from the table.
public enum ConfigurationSample {
  public static var yaml: String {
    var lines = [
      "# Configuration of council-digest. Every key is here with its default; delete what you don't change.",
      "# The environment wins over this file: http.port is COUNCIL_DIGEST_HTTP_PORT.",
    ]
    var open: [Substring] = []
    for key in ConfigurationKey.all {
      let path = key.name.split(separator: ".")
      let sections = path.dropLast()
      let shared = zip(open, sections).prefix { $0 == $1 }.count
      if sections.count > shared || open.count > shared {
        if shared == 0 { lines.append("") }
        for depth in shared..<max(shared, sections.count) { lines.append(indent(depth) + "\(sections[depth]):") }
        open = Array(sections)
      }
      let value = key.standard.isEmpty ? "" : " " + quoted(key)
      lines.append(indent(sections.count) + "\(path[path.count - 1]):\(value)  # \(key.comment)\(choices(key))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private static func quoted(_ key: ConfigurationKey) -> String {
    key.kind == .timeOfDay ? "\"\(key.standard)\"" : key.standard
  }

  private static func choices(_ key: ConfigurationKey) -> String {
    guard case .choice(let choices) = key.kind else { return "" }
    return " (\(choices.joined(separator: " | ")))"
  }
}
