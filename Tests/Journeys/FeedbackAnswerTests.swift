import Foundation
import TestSupport
import Testing

/// What an operator does with what readers wrote.
@Suite struct FeedbackAnswerTests {
  private func service(_ address: String? = "ann@resident.example") async throws -> (RunningService, Int) {
    let service = try await RunningService()
    let form = [("message", "The vote was 7 to 5.\nNot 5 to 7.")] + (address.map { [("email", $0)] } ?? [])
    #expect(try await service.client.post(form: form, to: "/feedback").status == 303)
    let items = try await service.api("GET", "/feedback?state=open").object()["items"] as? [[String: Any]]
    return (service, try #require(items?.first?["id"] as? Int))
  }

  @Test func `a reply is mailed once, however often it is asked for`() async throws {
    let (service, id) = try await service()
    let wish = ["state": "handled", "reply": "Thank you. It is corrected."]
    for _ in 0..<2 {
      let answer = try await service.api("PATCH", "/feedback/\(id)", wish)
      #expect(answer.status == 200, "\(answer.text)")
      let item = try answer.object()
      #expect(item["state"] as? String == "handled" && item["reply"] as? String == wish["reply"])
      #expect(item["handled_at"] is String)
    }
    #expect(try await service.api("PATCH", "/feedback/\(id)", ["state": "handled"]).status == 200)
    let other = try await service.api("PATCH", "/feedback/\(id)", ["state": "handled", "reply": "No."])
    #expect(other.status == 409)
    let letter = try await service.waitForLetter(to: "ann@resident.example", "feedback-reply")
    #expect(letter.text.contains("> The vote was 7 to 5.\n> Not 5 to 7.") && letter.text.contains("It is corrected."))
    #expect(try service.letters(to: "ann@resident.example", "feedback-reply").count == 1)
    #expect(try await service.api("GET", "/feedback?state=open").object()["items"] as? [String] == [])
  }

  @Test func `feedback without an address is handled without a letter`() async throws {
    let (service, id) = try await service(nil)
    let refused = try await service.api("PATCH", "/feedback/\(id)", ["state": "handled", "reply": "Noted."])
    #expect(
      refused.status == 422 && refused.text.contains("\"/reply\"") && refused.text.contains("There is no address")
    )
    #expect(try await service.api("PATCH", "/feedback/\(id)", ["state": "handled"]).status == 200)
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    let form = [("email", "probe@resident.example"), ("council", "w")]
    _ = try await service.client.post(form: form, to: "/subscribe")
    _ = try await service.waitForLetter(to: "probe@resident.example", "confirmation")
    _ = try await eventually("nothing waits") {
      let queue = try await service.api("GET", "/stats").object()["queue"] as? [String: Any]
      return queue?["transactional"] as? Int == 0 ? true : nil
    }
    #expect(try service.letters().count == 1)
  }

  @Test func `what can't be done names the field`() async throws {
    let (service, id) = try await service()
    for (body, pointer) in [
      (["state": "open"], "/state"), ([:], "/state"), (["state": "handled", "answer": "x"], "/answer"),
    ] {
      let refused = try await service.api("PATCH", "/feedback/\(id)", body)
      #expect(refused.status == 422 && refused.text.contains("\"\(pointer)\""), "\(body): \(refused.text)")
    }
    #expect(try await service.api("PATCH", "/feedback/99", ["state": "handled"]).status == 404)
  }
}
