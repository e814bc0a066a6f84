import Foundation

/// Lines of the Prometheus text format, version 0.0.4.
struct MetricsText {
  enum Kind: String {
    case counter, gauge, histogram
  }

  typealias Labels = [String: String]

  private(set) var text = ""

  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
    guard begin(name, kind, help, isEmpty: samples.isEmpty) else { return }
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    add(name, kind, help, [([:], value)])
  }

  mutating func add(_ name: String, _ help: String, _ samples: [(labels: Labels, tally: DurationTally)]) {
    guard begin(name, .histogram, help, isEmpty: samples.isEmpty) else { return }
    for sample in samples {
      let labels = sample.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
      var sum: UInt64 = 0
      for (bound, count) in zip(DurationTally.bounds, sample.tally.counts) {
        sum += count
        line("\(name)_bucket", labels + [("le", Self.number(Double(bound) / 1_000_000))], Double(sum))
      }
      line("\(name)_bucket", labels + [("le", "+Inf")], Double(sample.tally.count))
      line("\(name)_sum", labels, Double(sample.tally.microseconds) / 1_000_000)
      line("\(name)_count", labels, Double(sample.tally.count))
    }
  }

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String, isEmpty: Bool) -> Bool {
    guard !isEmpty else { return false }
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    return true
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
    line(name, labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, value)
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    text += name + (list.isEmpty ? "" : "{\(list)}") + " \(Self.number(value))\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
}
