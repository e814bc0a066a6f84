import Foundation
import TestSupport
import Testing

/// What an operator sees before letters leave.
@Suite struct PreviewTests {
  @Test func `a preview is the letter that is sent later, byte for byte`() async throws {
    let service = try await RunningService(["digest.approval": "required"])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    _ = try await service.api("PUT", "/councils/w/meetings/a", Samples.meeting())
    try await service.subscribe("ann@resident.example", to: "w")
    let id = try #require(try await service.api("POST", "/digest-runs").object()["id"])
    _ = try await eventually("it awaits approval") {
      try await service.api("GET", "/digest-runs/\(id)").object()["state"] as? String == "awaiting_approval"
        ? true : nil
    }
    let preview = try await service.api("GET", "/digest-runs/\(id)/preview?subscriber=ann@resident.example")
    #expect(preview.status == 200 && preview.field("content-type") == "message/rfc822")
    #expect(try await service.api("GET", "/digest-runs/\(id)/preview?subscriber=1").body == preview.body)
    // What is corrected after the plan was made does not change it.
    var corrected = Samples.meeting()
    corrected["summary"] = "Something else."
    _ = try await service.api("PUT", "/councils/w/meetings/a", corrected)
    #expect(try await service.api("GET", "/digest-runs/\(id)/preview?subscriber=1").body == preview.body)
    #expect(try await service.api("POST", "/digest-runs/\(id)/approve").status == 200)
    _ = try await service.waitForLetter(to: "ann@resident.example", "digest")
    let sent = try service.letterFiles().map { try Data(contentsOf: $0) }
    // The Maildir's delivery adds its lines in front.
    #expect(sent.contains { [UInt8]($0.suffix(preview.body.count)) == preview.body })
    for (path, status) in [
      ("\(id)/preview", 422), ("\(id)/preview?subscriber=99", 404), ("99/preview?subscriber=1", 404),
    ] {
      #expect(try await service.api("GET", "/digest-runs/\(path)").status == status, "\(path)")
    }
  }
}
