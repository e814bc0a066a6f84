/// Bars of the last weeks as a picture that needs no script: what a week has in several kinds stands on one another, and what
/// goes the other way hangs below the line.
struct BarChart: Sendable {
  struct Series: Sendable {
    var name: String
    /// Of the style sheet.
    var style: String
    var values: [Int]
    var isBelow = false
  }

  struct Bar: Sendable {
    var x: Int
    var y: Int
    var height: Int
    var style: String
  }

  struct Key: Sendable {
    var name: String
    var style: String
  }

  /// For who hears it.
  var summary: String
  var bars: [Bar]
  var baseline: Int
  var keys: [Key]
  /// One kind needs no key.
  var hasKeys: Bool

  static let height = 120
  private static let step = 20
  private static let smallest = 3

  /// - Parameter title: of the chart; all series have a value for each week.
  init(_ title: String, since: String, _ series: [Series]) {
    let weeks = series.first?.values.count ?? 0
    let above = series.filter { !$0.isBelow }
    let below = series.filter(\.isBelow)
    let highest = (0..<weeks).map { week in above.reduce(0) { $0 + $1.values[week] } }.max() ?? 0
    let lowest = (0..<weeks).map { week in below.reduce(0) { $0 + $1.values[week] } }.max() ?? 0
    let line = highest + lowest == 0 ? Self.height : Self.height * highest / (highest + lowest)
    let scale = { (value: Int) in
      value == 0 ? 0 : max(Self.smallest, value * Self.height / max(1, highest + lowest))
    }
    var bars: [Bar] = []
    for week in 0..<weeks {
      var (top, bottom) = (line, line)
      for series in series where series.values[week] > 0 {
        let height = scale(series.values[week])
        let x = week * Self.step + 2
        if series.isBelow {
          let height = min(height, Self.height - bottom)
          bars.append(Bar(x: x, y: bottom, height: height, style: series.style))
          bottom += height
        } else {
          // A thin one on a full one would stand out of the picture.
          let height = min(height, top)
          top -= height
          bars.append(Bar(x: x, y: top, height: height, style: series.style))
        }
      }
    }
    self.bars = bars
    baseline = min(line, Self.height - 1)
    keys = series.map { Key(name: $0.name, style: $0.style) }
    hasKeys = series.count > 1
    let parts = series.map {
      "\($0.name) \(($0.values.max() ?? 0).grouped) at most and \(($0.values.last ?? 0).grouped) this week"
    }
    summary = "\(title) by week since \(since): \(parts.joined(separator: "; "))"
  }
}
