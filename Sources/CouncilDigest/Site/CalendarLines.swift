import Foundation

/// The content lines of a calendar: a name, a value, CRLF (RFC 5545 §3.1).
struct CalendarLines {
  private(set) var text = ""

  /// A break does not count.
  static let maximumOctets = 75

  /// A value that needs no escaping: a word, a number, an address. No value can start a line of its own.
  mutating func add(_ name: String, _ value: String) {
    let value = value.unicodeScalars.filter { !Self.isControl($0) }
    text += Self.fold("\(name):" + String(String.UnicodeScalarView(value)))
  }

  mutating func add(_ name: String, text value: String) { add(name, Self.escape(value)) }

  /// In UTC, so that no calendar has to know our zones (§3.3.5).
  mutating func add(_ name: String, at date: Date) {
    add(name, RFC3339.format(date).filter { $0 != "-" && $0 != ":" })
  }

  /// TEXT (§3.3.11). Whatever some program takes for the end of a line is written as one.
  static func escape(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
      switch scalar {
      case "\\", ";", ",": escaped += ["\\", scalar]
      case "\n", "\r", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}": escaped += ["\\", "n"]
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }

  /// No line passes its octets, and none ends within a character: it goes on after CRLF and a blank (§3.1).
  static func fold(_ line: String) -> String {
    var folded = String.UnicodeScalarView()
    var octets = 0
    for scalar in line.unicodeScalars {
      let width = UTF8.width(scalar)
      if octets + width > maximumOctets {
        folded += ["\r", "\n", " "]
        octets = 1
      }
      folded.append(scalar)
      octets += width
    }
    folded += ["\r", "\n"]
    return String(folded)
  }

  /// CONTROL of §3.1, and those of the second half of Latin-1, which some take for line ends.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\t" && scalar.properties.generalCategory == .control
  }
}
