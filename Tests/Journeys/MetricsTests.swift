import Foundation
import TestSupport
import Testing

/// What the service tells about itself.
@Suite struct MetricsTests {
  private func service() async throws -> RunningService {
    let service = try await RunningService()
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    _ = try await service.client.post(form: [("message", "m")], to: "/feedback")
    _ = try await service.client.get("/councils/w")
    _ = try await service.client.get("/councils/nought/feed.atom")
    _ = try await service.runDigest()
    // The digest may be written down before it.
    _ = try await eventually("the confirmation is written down") {
      let week = try await service.api("GET", "/stats").object()["last_week"] as? [String: Any]
      return (week?["other_letters"] as? [String: Int])?["sent"] == 1 ? true : nil
    }
    return service
  }

  @Test func `metrics are as Prometheus reads them, for any host, and tell what happened`() async throws {
    let service = try await service()
    let answer = try await service.client.get("/metrics", headers: ["Host": "10.0.0.7:9999"])
    #expect(answer.status == 200)
    #expect(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8")
    let lines = Set(answer.text.split(separator: "\n").map(String.init))
    for line in [
      #"council_digest_http_request_duration_seconds_count{method="GET",route="/councils/{council}",status="2xx"} 1"#,
      #"council_digest_http_request_duration_seconds_count{method="GET",route="/councils/{council}/feed.atom",status="4xx"} 1"#,
      #"council_digest_sign_ups_total{step="asked"} 1"#, #"council_digest_sign_ups_total{step="confirmed"} 1"#,
      #"council_digest_letters_total{kind="digest",outcome="sent"} 1"#,
      #"council_digest_letters_total{kind="confirmation",outcome="sent"} 1"#,
      #"council_digest_run_letters{state="sent"} 1"#, #"council_digest_queue_letters{kind="digest"} 0"#,
      #"council_digest_subscribers{state="active"} 1"#, "council_digest_open_feedback 1",
      #"council_digest_letter_stage_duration_seconds_count{stage="relay"} 2"#, "council_digest_mail_in_trouble 0",
    ] { #expect(lines.contains(line), "\(line)") }
    #expect(lines.contains { $0.hasPrefix("council_digest_commit_duration_seconds_bucket{le=\"0.0005\"}") })
    #expect(!answer.text.contains("resident.example"))
    if let promtool = Machine.program("promtool") {
      let result = try await Machine.run(promtool, ["check", "metrics"], input: answer.body)
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)\(result.output)")
    }
  }

  @Test func `a stranger learns from the metrics nothing of letters and readers`() async throws {
    let service = try await service()
    let key = try #require(
      try await service.api("POST", "/api-keys", ["name": "p", "role": "reader"]).object()["secret"]
    )
    let stranger = ["X-Forwarded-For": "203.0.113.9"]
    let seen = try await service.client.get("/metrics", headers: stranger).text
    for name in ["letters_total", "letter_stage", "queue_", "subscribers", "sign_ups", "bounces"] {
      #expect(!seen.contains("council_digest_\(name)"), "\(name)")
    }
    #expect(seen.contains("council_digest_http_request_duration_seconds_count"))
    let held = stranger.merging(["Authorization": "Bearer \(key)"]) { $1 }
    #expect(try await service.client.get("/metrics", headers: held).text.contains("council_digest_letters_total"))
  }

  @Test func `figures tell what there is and what the week brought`() async throws {
    let service = try await service()
    let stats = try await service.api("GET", "/stats").object()
    #expect(stats["councils"] as? Int == 1 && stats["meetings"] as? Int == 1 && stats["committees"] as? Int == 1)
    #expect(stats["subscribers"] as? [String: Int] == ["active": 1, "pending": 0, "suppressed": 0, "unsubscribed": 0])
    #expect(stats["subscriptions"] as? [String: Int] == ["council": 1, "committee": 0, "topic": 0, "query": 0])
    #expect(stats["open_feedback"] as? Int == 1 && stats["open_topic_requests"] as? Int == 0)
    let queue = try #require(stats["queue"] as? [String: Any])
    #expect(queue["transactional"] as? Int == 0 && queue["digests"] as? Int == 0 && queue["is_held"] as? Bool == false)
    let week = try #require(stats["last_week"] as? [String: Any])
    #expect(week["sign_ups"] as? Int == 1 && week["confirmed"] as? Int == 1 && week["left"] as? Int == 0)
    #expect(week["meetings_put"] as? Int == 1)
    #expect((week["digests"] as? [String: Int])?["sent"] == 1)
    #expect((week["other_letters"] as? [String: Int])?["sent"] == 1)
    #expect(week["bounces"] as? [String: Int] == ["hard": 0, "soft": 0, "complaint": 0])
  }
}
