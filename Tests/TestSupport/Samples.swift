import Foundation

/// Input of the size and variety of a real meeting page, in our own words.
public enum Samples {
  public static var council: [String: Any] {
    [
      "name": "Worcestershire County Council", "short_name": "Worcestershire",
      "website": "https://www.worcestershire.example", "time_zone": "Europe/London",
    ]
  }

  /// A meeting as large and varied as the ones the service is made for.
  public static func meeting(
    daysAgo: Double = 3,
    committee: String = "Children and Families Overview and Scrutiny Panel"
  )
    -> [String: Any]
  {
    [
      "committee": committee,
      "starts_at": Date().addingTimeInterval(-daysAgo * 86_400).formatted(.iso8601),
      "location": "County Hall", "status": "held", "council_url": "https://www.worcestershire.example/meeting",
      "video_url": "https://video.example/watch?v=1&t=2", "summary": summary,
      "transcript": String(repeating: "CHAIR: Good afternoon. The secret word is xylophone.\n", count: 200),
      "attendees": (1...20).map { ["name": "Councillor Number \($0)", "role": "Member of panel \($0)"] },
      "documents": [
        ["title": "Reports pack", "url": "https://www.worcestershire.example/pack.pdf", "kind": "reports-pack"],
        ["title": "Agenda", "url": "https://www.worcestershire.example/agenda.pdf", "kind": "agenda"],
        ["title": "Late papers & letters", "url": "https://www.worcestershire.example/late.pdf", "kind": "additional"],
      ],
    ]
  }

  public static let summary: String = {
    let paragraph = """
      Councillors asked how the £1.2 million for assessments is spent, who waits longest and when the plan's next
      milestone falls; officers answered with figures for each district and promised a clearer chart.
      """
    let sections = [
      "SEND Local Area Partnership", "Safeguarding partnership review", "Budget monitoring 2025/26",
      "Refresh of the work programme",
    ].map { title in
      """
      ## \(title)

      \(paragraph)

      - **Waiting times:** \(paragraph)
        - nested: a second provider
          1. numbered inside
      - **Co-production:** \(paragraph)
      - **Data & tracking:** 77% of plans within 20 weeks, <b>no raw HTML</b>.

      \(Array(repeating: paragraph, count: 6).joined(separator: "\n\n"))
      """
    }
    return """
      The panel met to look at the **SEND** plan[^level] and at the safeguarding report. It also agreed its work[^op].

      \(sections.joined(separator: "\n\n"))

      [^level]: A level three outcome means serious concerns.
      [^op]: A partnership of schools and police.
      """
  }()
}
