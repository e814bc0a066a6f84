import Foundation
import HTTPServer

/// `GET /operator/figures`: deliveries, bounces and subscribers of half a year, as charts and as tables.
struct FiguresPage: Sendable {
  let store: Store
  let page: ConsolePage

  private struct Figure {
    var id: String
    var title: String
    var note: String?
    var most: String
    var chart: BarChart
    var firstWeek: String
    var columns: [String]
    var rows: [Row]
  }

  private struct Row {
    var week: String
    var counts: [String]
  }

  func callAsFunction(_ request: Request, _ caller: Caller) async throws -> Response {
    let (now, zone) = (store.now(), page.site.identity.timeZone)
    let weeks = try await store.read { try WeeklyFigures.load(now: now, zone, $0) }.weeks
    let figures = [
      figure(
        "deliveries",
        "Digests",
        weeks,
        [
          ("Sent", "", \.sent, false), ("Uncertain", "second", \.uncertain, false),
          ("Failed", "wrong", \.failed, false),
        ]
      ),
      figure(
        "bounces",
        "Bounces and complaints",
        weeks,
        [
          ("Soft", "second", \.soft, false), ("Hard", "wrong", \.hard, false),
          ("Complaints", "third", \.complaints, false),
        ]
      ),
      figure("active", "Active subscribers", weeks, [("Active", "", \.active, false)]),
      figure(
        "joined",
        "Who joined and left",
        weeks,
        [("Joined", "", \.joined, false), ("Left", "wrong", \.left, true)]
      ),
    ]
    return try page(
      "figures",
      ["figures": figures, "weeks": WeeklyFigures.shownWeeks] as [String: Any],
      title: "Figures",
      in: .figures,
      for: caller
    )
  }

  private func figure(
    _ id: String,
    _ title: String,
    _ weeks: [WeeklyFigures.Week],
    _ series: [(name: String, style: String, value: KeyPath<WeeklyFigures.Week, Int>, isBelow: Bool)]
  ) -> Figure {
    let since = weeks.first.map { page.dates.shortDay($0.monday) } ?? ""
    let most = weeks.map { week in series.filter { !$0.isBelow }.reduce(0) { $0 + week[keyPath: $1.value] } }.max() ?? 0
    return Figure(
      id: id,
      title: title,
      most: most.grouped,
      chart: BarChart(
        title,
        since: since,
        series.map { series in
          .init(
            name: series.name,
            style: series.style,
            values: weeks.map { $0[keyPath: series.value] },
            isBelow: series.isBelow
          )
        }
      ),
      firstWeek: since,
      columns: series.map(\.name),
      rows: weeks.reversed().map { week in
        Row(
          week: "\(page.dates.shortDay(week.monday)) (\(week.week))",
          counts: series.map { week[keyPath: $0.value].grouped }
        )
      }
    )
  }
}
